using Assay.Circle.Stack;

namespace Assay.Testing;

/// <summary>A fresh virtual host for one test class, on a real RabbitMQ broker that the classes of one test process share.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private static readonly SharedServer<RabbitBroker> shared = new(
        (checkout, folder) => RabbitBroker.StartAsync(checkout, folder),
        broker => broker.Kill());

    private static int created;

    public RabbitBroker Broker { get; private set; } = null!;

    public string Vhost { get; } = $"test-{Interlocked.Increment(ref created)}";

    /// <summary>For an account that may do everything.</summary>
    public Uri Address => Broker.Address(RabbitBroker.Admin, Vhost);

    /// <summary>For the account of a service, which reaches its own queues and the message exchanges only.</summary>
    public Uri AddressOf(string service) => Broker.Address(service, Vhost);

    public async Task InitializeAsync()
    {
        Broker = await shared.GetAsync();
        await Broker.CreateVhostAsync(Vhost);
    }

    public async Task DisposeAsync() => await Broker.DeleteVhostAsync(Vhost);
}
