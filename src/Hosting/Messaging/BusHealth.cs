using Assay.Hosting.Telemetry;
using MassTransit;
using MassTransit.Monitoring;

namespace Assay.Hosting.Messaging;

internal sealed class BusHealth(IBusControl bus) : IHealthReport
{
    public string Name => "bus";

    public Task<HealthState> ReportAsync(CancellationToken cancellation)
    {
        var health = bus.CheckHealth();
        return Task.FromResult(new HealthState(Alive: true, Ready: health.Status == BusHealthStatus.Healthy, health.Status == BusHealthStatus.Healthy ? null : health.Description));
    }
}
