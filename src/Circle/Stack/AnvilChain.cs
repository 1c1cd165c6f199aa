using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Assay.Circle.Stack;

/// <summary>How the development chain behaves.</summary>
public sealed record AnvilOptions
{
    public long ChainId { get; init; } = 31337;

    /// <summary>Time between blocks; null mines each transaction at once.</summary>
    public TimeSpan? BlockTime { get; init; }

    /// <summary>BIP-39 words of the funded accounts; null takes Foundry's public development words.</summary>
    public string? Mnemonic { get; init; }

    /// <summary>Accounts that start with 10,000 ether.</summary>
    public int Accounts { get; init; } = 10;

    /// <summary>Time of the first block; null is now.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>A file that the state is read from at the start and written to at the end.</summary>
    public string? StateFile { get; init; }
}

/// <summary>A development chain (anvil) in a run folder, and the calls that only such a chain has.</summary>
public sealed class AnvilChain : IAsyncDisposable
{
    /// <summary>Foundry's published words: every account of theirs is known to everybody.</summary>
    public const string DevelopmentMnemonic = "test test test test test test test test test test test junk";

    private static readonly TimeSpan startTimeout = TimeSpan.FromSeconds(30);

    private readonly ManagedProcess process;
    private readonly HttpClient http;
    private int requests;

    private AnvilChain(ManagedProcess process, int port, AnvilOptions options)
    {
        this.process = process;
        Options = options;
        RpcUrl = Url(port);
        http = new HttpClient { BaseAddress = RpcUrl, Timeout = TimeSpan.FromSeconds(60) };
    }

    public AnvilOptions Options { get; }

    public Uri RpcUrl { get; }

    public long ChainId => Options.ChainId;

    public string Mnemonic => Options.Mnemonic ?? DevelopmentMnemonic;

    public int ProcessId => process.Id;

    public static async Task<AnvilChain> StartAsync(
        Checkout checkout, RunFolder folder, AnvilOptions? options = null, bool keep = false, CancellationToken cancellation = default)
    {
        options ??= new AnvilOptions();
        var binary = checkout.Anvil;
        return await Retry.OnTakenPort(async port =>
        {
            var process = await ManagedProcess.StartReadyAsync(
                Spec(binary, folder, options, port, keep), folder,
                token => AnswersAsync(Url(port), token), startTimeout, "the chain to answer", cancellation);
            return new AnvilChain(process, port, options);
        });
    }

    /// <summary>Any JSON-RPC call.</summary>
    /// <exception cref="InvalidOperationException">The chain answered with an error.</exception>
    public async Task<JsonElement> RpcAsync(string method, params object?[] parameters)
    {
        var request = new { jsonrpc = "2.0", id = Interlocked.Increment(ref requests), method, @params = parameters };
        using var response = await http.PostAsJsonAsync("", request);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return answer.TryGetProperty("error", out var error)
            ? throw new InvalidOperationException($"{method}: {error.GetRawText()}")
            : answer.GetProperty("result");
    }

    public async Task<long> BlockNumberAsync() => Quantity(await RpcAsync("eth_blockNumber"));

    /// <summary>Mines empty blocks, or blocks of what is pending, one second apart.</summary>
    public async Task MineAsync(int blocks = 1) => await RpcAsync("anvil_mine", Hex(blocks));

    /// <summary>Moves the chain's clock forward and mines a block, so that calls see the new time.</summary>
    public async Task IncreaseTimeAsync(TimeSpan duration)
    {
        await RpcAsync("evm_increaseTime", (long)duration.TotalSeconds);
        await RpcAsync("evm_mine");
    }

    /// <summary>Mines a block at exactly this time (Unix seconds), which must be later than the newest block's.</summary>
    public async Task MineAtAsync(long time)
    {
        await RpcAsync("evm_setNextBlockTimestamp", time);
        await RpcAsync("evm_mine");
    }

    /// <summary>Replaces the newest <paramref name="depth"/> blocks by empty ones: their transactions are gone, the height stays.</summary>
    public async Task ReorgAsync(int depth) => await RpcAsync("anvil_reorg", depth, Array.Empty<object>());

    /// <summary>Turns mining at each transaction on or off.</summary>
    public async Task AutomineAsync(bool on) => await RpcAsync("evm_setAutomine", on);

    public async Task<string> SnapshotAsync() => (await RpcAsync("evm_snapshot")).GetString()!;

    public async Task RevertAsync(string snapshot)
    {
        if (!(await RpcAsync("evm_revert", snapshot)).GetBoolean())
            throw new InvalidOperationException($"The chain has no snapshot {snapshot}.");
    }

    /// <summary>Time of the newest block, in Unix seconds.</summary>
    public async Task<long> TimeAsync() => Quantity((await RpcAsync("eth_getBlockByNumber", "latest", false)).GetProperty("timestamp"));

    /// <summary>Ends the chain in order; with a state file it can go on from there.</summary>
    public async Task StopAsync() => await process.StopAsync();

    /// <summary>SIGKILL: everything since the last written state is lost.</summary>
    public void Kill() => process.Kill();

    public async Task RestartAsync(CancellationToken cancellation = default)
    {
        process.Restart();
        await process.ReadyAsync(token => AnswersAsync(RpcUrl, token), startTimeout, "the chain to answer again", cancellation);
    }

    /// <summary>Freezes or thaws the chain without ending it: callers see timeouts.</summary>
    public void Send(Signal signal) => process.Send(signal);

    public ProcessUsage? Usage() => process.Usage();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await process.DisposeAsync();
    }

    private static async Task<bool> AnswersAsync(Uri address, CancellationToken cancellation)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = await http.PostAsJsonAsync(address, new { jsonrpc = "2.0", id = 1, method = "eth_chainId", @params = Array.Empty<object>() }, cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false; // Too slow, not cancelled: it is still starting.
        }
    }

    private static ProcessSpec Spec(string binary, RunFolder folder, AnvilOptions options, int port, bool keep)
    {
        List<string> arguments =
        [
            "--host", "127.0.0.1", "--port", Text(port), "--chain-id", Text(options.ChainId), "--accounts", Text(options.Accounts),
            "--mnemonic", options.Mnemonic ?? DevelopmentMnemonic, "--quiet",
        ];
        if (options.BlockTime is { } blockTime)
            arguments.AddRange(["--block-time", blockTime.TotalSeconds.ToString(CultureInfo.InvariantCulture)]);
        if (options.Start is { } start)
            arguments.AddRange(["--timestamp", Text(start.ToUnixTimeSeconds())]);
        if (options.StateFile is { } state)
            arguments.AddRange(["--state", state]);
        return new ProcessSpec($"anvil-{Text(port)}", binary, arguments)
        {
            // It keeps old states below the home folder.
            Environment = new Dictionary<string, string> { ["HOME"] = folder.Folder("anvil") },
            DeathSignal = keep ? null : "KILL",
        };
    }

    private static Uri Url(int port) => new($"http://127.0.0.1:{Text(port)}/");

    private static long Quantity(JsonElement value) => Convert.ToInt64(value.GetString(), 16);

    private static string Hex(int value) => $"0x{value.ToString("x", CultureInfo.InvariantCulture)}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
