using System.Net.Http.Json;
using System.Text.Json;
using Assay.Circle.Stack;
using Assay.Ethereum.Primitives;

namespace Assay.Circle.Network;

/// <summary>Settlement's public HTTP interface, as a client uses it.</summary>
public sealed class OrdersApi(Uri settlement) : IDisposable
{
    private readonly HttpClient http = PatientHandler.Client(settlement);

    /// <summary>State and reason of one job in words.</summary>
    public async Task<string> StateAsync(Bytes32 job, CancellationToken cancellation)
    {
        var order = await http.GetFromJsonAsync<JsonElement>($"/orders/{job}", cancellation);
        return $"{job.ToString()[..10]} {order.GetProperty("state")}{(order.TryGetProperty("reason", out var reason) ? $" ({reason})" : "")}";
    }

    /// <summary>All that Settlement says of one job.</summary>
    public Task<string> DescribeAsync(Bytes32 job, CancellationToken cancellation) => http.GetStringAsync($"/orders/{job}", cancellation);

    /// <summary>Waits until Settlement has closed its entries: each end read back from a final block.</summary>
    public Task UntilClosedAsync(IEnumerable<Bytes32> jobs, TimeSpan timeout, CancellationToken cancellation)
    {
        var open = jobs.ToHashSet();
        return Waiting.Until(
            async () =>
            {
                foreach (var job in open.ToArray())
                    if ((await http.GetFromJsonAsync<JsonElement>($"/orders/{job}", cancellation)).GetProperty("closed").GetBoolean()) open.Remove(job);
                return open.Count == 0;
            },
            timeout,
            "Settlement to close every job",
            cancellation);
    }

    public void Dispose() => http.Dispose();
}
