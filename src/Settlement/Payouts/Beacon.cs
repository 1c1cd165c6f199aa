using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Assay.Protocol.Chain;

namespace Assay.Settlement.Payouts;

/// <summary>
/// Brings what drand has published for a round. The contract checks the signature, so a server can withhold a round, and be wrong in vain. Nobody waits for a server: a round is
/// asked for beside the work that needs it.
/// </summary>
public sealed class Beacon(BeaconOptions options) : IDisposable
{
    private const int Kept = 256;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(options.TimeoutSeconds), MaxResponseContentBufferSize = 65_536 };
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<ulong, Task<byte[]?>> asked = [];

    private sealed record Published(ulong Round, string? Signature);

    /// <summary>Why the last round that was asked for did not come; null when it did.</summary>
    public string? Trouble { get; private set; }

    /// <summary>The round's proof for <c>recordBeacon</c>; null while no server has given it.</summary>
    public byte[]? ProofOf(ulong round)
    {
        if (asked.Count > Kept) asked.Clear();
        var answer = asked.GetOrAdd(round, AskAsync);
        if (!answer.IsCompletedSuccessfully) return null;
        if (answer.Result is null) asked.TryRemove(round, out _);
        return answer.Result;
    }

    private async Task<byte[]?> AskAsync(ulong round)
    {
        await Task.Yield();
        foreach (var server in options.Servers)
            try
            {
                var published = await http.GetFromJsonAsync<Published>($"{server}/public/{round}", stopping.Token);
                if (published is { Signature: { } signature } && published.Round == round && Quicknet.ProofOf(Convert.FromHexString(signature)) is { } proof)
                {
                    Trouble = null;
                    return proof;
                }
                Trouble = $"{server} answers something else than round {round}";
            }
            catch (Exception e) when (e is HttpRequestException or JsonException or FormatException or OperationCanceledException && !stopping.IsCancellationRequested)
            {
                Trouble = $"{server} does not give round {round}: {e.Message}";
            }
        if (options.Servers.Count == 0) Trouble = "Beacon:Urls is empty, so seeds from the beacon are left to others";
        await Task.Delay(Rest, stopping.Token);
        return null;
    }

    public void Dispose()
    {
        stopping.Cancel();
        stopping.Dispose();
        http.Dispose();
    }
}
