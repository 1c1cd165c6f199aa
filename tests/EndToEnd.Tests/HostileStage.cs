using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Circle.Network;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;

namespace Assay.EndToEnd.Tests;

/// <summary>
/// One running circle with some honest node agents, many puppets and a hostile scene for each of them, all played at once; the tests ask how
/// each ended. Orders are refused and taken on the same circle at the same time.
/// </summary>
public sealed class HostileStage : IAsyncLifetime
{
    public const int Honest = 5, Puppets = 11, Spender = 2, Wallets = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>The local terms with a shorter wait for what is never opened.</summary>
    private static readonly EscrowParameters Terms = LocalTerms.Parameters with { LongReview = 62, OpenWindow = 15 };

    private readonly CancellationTokenSource ending = new(Patience);
    private readonly ConcurrentDictionary<Bytes32, TaskCompletionSource<IndexedJob>> ends = new();
    private readonly ConcurrentQueue<string> said = new();
    private readonly ConcurrentBag<Task> living = [];
    private readonly ConcurrentDictionary<Bytes32, bool> closed = new();
    private Puppet[] puppets = [];

    public RunningCircle Circle { get; private set; } = null!;

    public CancellationToken Cancellation => ending.Token;

    internal IReadOnlyDictionary<Comparison, Run> Truth { get; private set; } = null!;

    /// <summary>What the puppets noted.</summary>
    internal ConcurrentDictionary<string, Answer> Seen { get; } = new();

    internal Puppet Puppet(int number) => puppets[number];

    public IReadOnlyDictionary<string, Task<IndexedJob>> Scenes { get; private set; } = null!;

    public Task<IReadOnlyList<IndexedJob>> Lies { get; private set; } = null!;

    internal Task<Overspending> Overspent { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Circle = await RunningCircle.StartAsync(
            new CircleOptions(Honest + Puppets, Wallets, i => i < Honest ? Conduct.Honest : Conduct.Absent, Embedded: true) { Terms = Terms },
            said.Enqueue, Cancellation);
        Circle.Nodes.KillAbsent();
        Truth = new Dictionary<Comparison, Run>
        {
            [Comparison.Exact] = await RunAsync(Model.Int8),
            [Comparison.Tolerance] = await RunAsync(Model.Fp32),
        };
        puppets = [.. Enumerable.Range(Honest, Puppets).Select(i => new Puppet(Circle, i, Truth, Seen))];
        foreach (var puppet in puppets) living.Add(Task.Run(() => puppet.LiveAsync(Cancellation)));
        living.Add(Task.Run(WatchAsync));
        Scenes = await PlayAsync();
        Overspent = Task.Run(OverspendAsync);
        Lies = Task.Run(LieAsync);
    }

    public async Task DisposeAsync()
    {
        await ending.CancelAsync();
        await Task.WhenAll(living).ContinueWith(_ => { }, TaskScheduler.Default);
        foreach (var puppet in puppets) puppet.Dispose();
        await Circle.DisposeAsync();
        ending.Dispose();
    }

    /// <summary>The job once its end stands in a final block.</summary>
    public Task<IndexedJob> EndOf(Bytes32 job) =>
        ends.GetOrAdd(job, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(Cancellation);

    /// <summary>Everything that was started has ended.</summary>
    public async Task AllEndedAsync()
    {
        await Task.WhenAll(Scenes.Values);
        await Lies;
        await Overspent;
        await Task.WhenAll(ends.Keys.Select(EndOf));
        await Circle.Orders.UntilClosedAsync(ends.Keys, Patience, Cancellation);
    }

    /// <summary>A puppet that still lives as it should; a failed one would make every later wait a riddle.</summary>
    public void ThrowIfFailed()
    {
        foreach (var life in living.Where(l => l.IsFaulted)) life.GetAwaiter().GetResult();
    }

    public Task<Order> OrderAsync(ClientWallet client, Model model, Address @operator, TimeSpan? validFor = null) =>
        client.PrepareAsync(Circle.Samples, model, 0, @operator, validFor ?? TimeSpan.FromMinutes(3), Cancellation);

    public static Bytes32 RandomNonce() => new(RandomNumberGenerator.GetBytes(Bytes32.Size));

    // ------------------------------------------------------------------ scenes

    private async Task<IReadOnlyDictionary<string, Task<IndexedJob>>> PlayAsync()
    {
        var (exact, tolerance) = (Truth[Comparison.Exact], Truth[Comparison.Tolerance]);
        using var client = Circle.Client(0);
        var scenes = new Dictionary<string, Task<IndexedJob>>();
        async Task PlayAsync(string name, int puppet, Model model, Script script, uint runWindow = LocalTerms.RunWindow)
        {
            var order = await OrderAsync(client, model, puppets[puppet].Address) with { RunWindow = runWindow };
            puppets[puppet].Scripts[Circle.Domain.Digest(order)] = script;
            scenes[name] = EndOf(await client.PlaceAsync(order, Cancellation));
        }

        await PlayAsync("garbage", 0, Model.Int8, new Script(new Run(RandomNumberGenerator.GetBytes(777), exact.Units)));
        await PlayAsync("NaN", 1, Model.Fp32, new Script(new Run(HostileOutputs.WithNaN(tolerance.Outputs), tolerance.Units)));
        await PlayAsync("shape", 2, Model.Fp32, new Script(new Run(HostileOutputs.Flattened(tolerance.Outputs), tolerance.Units)));
        await PlayAsync("no blob", 3, Model.Int8, new Script(new Run(RandomNumberGenerator.GetBytes(64), exact.Units)) { Uploads = false, Reveal = OpenNothing });
        await PlayAsync("100 MB", 4, Model.Int8, new Script(new Run(new byte[100 << 20], exact.Units)) { Execute = SendTooMuch }, runWindow: 25);
        await PlayAsync("wrong opening", 5, Model.Int8, new Script(new Run(exact.Outputs, exact.Units)) { Reveal = OpenWrongly });
        await PlayAsync("two results", 5, Model.Int8, new Script(new Run(exact.Outputs, exact.Units)) { Execute = SendTwice });
        await PlayAsync("inflated units", 7, Model.Int8, new Script(new Run(exact.Outputs, ulong.MaxValue)));
        await PlayAsync("NaN on exact", 8, Model.Int8, new Script(new Run(HostileOutputs.WithNaN(tolerance.Outputs), exact.Units)));
        await PlayAsync("closed wrong", 9, Model.Int8, new Script(new Run(exact.Outputs, exact.Units + 1)) { Reveal = OpenWhenAccused });
        await PlayAsync("closed right", 10, Model.Int8, new Script(new Run(exact.Outputs, exact.Units)) { Reveal = OpenWhenAccused });
        await PlayAsync("empty", 9, Model.Int8, new Script(new Run([], 0)));
        return scenes;
    }

    private static async Task OpenNothing(Puppet puppet, WorkItem item, Script script) =>
        await puppet.OpenAsync(item, script.Result.Opening, "opening without its blob");

    private static async Task SendTooMuch(Puppet puppet, WorkItem item, Script script) =>
        puppet.Note("100 MB", await puppet.Node.UploadAsync(script.Result.Outputs));

    private static async Task OpenWrongly(Puppet puppet, WorkItem item, Script script)
    {
        var right = script.Result.Opening;
        await puppet.OpenAsync(item, right with { Units = right.Units + 1 }, "opening of other units");
        await puppet.OpenAsync(item, right with { Salt = RandomNonce() }, "opening with another salt");
        await puppet.OpenAsync(item, right, "right opening");
        await puppet.OpenAsync(item, right, "right opening again");
    }

    /// <summary>Keeps its result closed to be paid unchecked, and opens only in the case that comes of it.</summary>
    private Task OpenWhenAccused(Puppet puppet, WorkItem item, Script script)
    {
        if (closed.TryAdd(item.Job, true)) living.Add(Task.Run(async () =>
        {
            while ((await Circle.Auditor.JobAsync(item.Job, Cancellation)).State == JobState.Submitted) await Task.Delay(500, Cancellation);
            while ((await puppet.OpenAsync(item, script.Result.Opening)).Status != 204) await Task.Delay(500, Cancellation);
        }));
        return Task.CompletedTask;
    }

    private async Task SendTwice(Puppet puppet, WorkItem item, Script script)
    {
        await puppet.ExecuteAsync(item, script);
        await puppet.SendResultAsync(item, script.Result, "same result again");
        await puppet.SendResultAsync(item, new Run(script.Result.Outputs, script.Result.Units), "another commitment");
    }

    // ------------------------------------------------------------------ lying re-executors

    /// <summary>Honest operators' jobs until a puppet that was drawn to check one has lied about it.</summary>
    private async Task<IReadOnlyList<IndexedJob>> LieAsync()
    {
        using var client = Circle.Client(0);
        var jobs = new List<IndexedJob>();
        do
        {
            var orders = new List<Bytes32>();
            foreach (var model in new[] { Model.Int8, Model.Int8, Model.Fp32 })
            {
                var order = await OrderAsync(client, model, Circle.Cast.Owner(orders.Count).Address);
                foreach (var puppet in puppets) puppet.Lies[Circle.Domain.Digest(order)] = true;
                orders.Add(await client.PlaceAsync(order, Cancellation));
            }
            jobs.AddRange(await Task.WhenAll(orders.Select(EndOf)));
        }
        while (puppets.All(p => p.Told.IsEmpty));
        return jobs;
    }

    // ------------------------------------------------------------------ overspending

    internal sealed record Overspending(Amount Deposit, Amount Each, IReadOnlyList<Answer> Answers, IReadOnlyList<Amount> Spendable, IReadOnlyList<Amount> Reserved, IReadOnlyList<IndexedJob> Jobs);

    /// <summary>Thirty orders at once from a client that can pay for nine, to an operator that accepts and never answers.</summary>
    private async Task<Overspending> OverspendAsync()
    {
        var left = LocalTerms.Token * 10;
        using var key = Circle.Cast.Client(Spender);
        using var client = Circle.Client(Spender);
        await Circle.Relays.WithdrawAsync(key, key.Address, LocalTerms.Deposit - left, Cancellation);
        using var books = new HttpClient { BaseAddress = Circle.Services.Settlement };
        async Task<Amount> SpendableAsync() =>
            Amount.Parse((await books.GetFromJsonAsync<JsonElement>($"/settlement/accounts/{key.Address}", Cancellation)).GetProperty("spendable").GetString()!);
        while (await SpendableAsync() != left) await Task.Delay(200, Cancellation);

        var order = await OrderAsync(client, Model.Int8, puppets[6].Address) with { RunWindow = 25 };
        var orders = Enumerable.Range(0, 30).Select(_ => order with { Nonce = RandomNonce() }).ToArray();
        var answers = await Task.WhenAll(orders.Select(async o =>
        {
            using var response = await client.PostAsync(o, await Circle.Domain.SignAsync(key, o), Cancellation);
            return await Answer.OfAsync(response);
        }));
        var taken = orders.Zip(answers).Where(p => p.Second.Status == 202).Select(p => Circle.Domain.Digest(p.First)).ToArray();

        var (spendable, reserved) = (new List<Amount>(), new List<Amount>());
        var all = Task.WhenAll(taken.Select(EndOf));
        while (!all.IsCompleted)
        {
            spendable.Add(await SpendableAsync());
            reserved.Add((await Circle.Ledger.BooksOfAsync(key.Address)).Amounts[Book.Reserved]);
            await Task.WhenAny(all, Task.Delay(500, Cancellation));
        }
        return new(left, order.MaxPrice + order.MaxFee, answers, spendable, reserved, await all);
    }

    // ------------------------------------------------------------------ the stage itself

    private async Task WatchAsync()
    {
        while (true)
        {
            foreach (var (id, job) in await Circle.Auditor.JobsAsync(Cancellation))
                if (job is { IsFinal: true, Final: true } && ends.TryGetValue(id, out var end)) end.TrySetResult(job);
            await Task.Delay(1000, Cancellation);
        }
    }

    /// <summary>The model run once as the agents run it.</summary>
    private async Task<Run> RunAsync(Model model)
    {
        var folder = Circle.Stack.Folder.Folder($"truth-{model}");
        await File.WriteAllBytesAsync(Path.Combine(folder, "model.onnx"), Circle.Samples.ModelBytes(model), Cancellation);
        await File.WriteAllBytesAsync(Path.Combine(folder, "images.safetensors"), Circle.Samples.BatchBytes(0), Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "job.json"), """{"model":"model.onnx","inputs":[{"name":"images","file":"images.safetensors"}]}""", Cancellation);
        using var process = Process.Start(
            Circle.Stack.Checkout.Node, [Path.Combine(Circle.Stack.Checkout.Root, "runtimes/onnx/run.mjs"), folder, "--provider", "cpu"]);
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
        using var run = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "run.json"), Cancellation));
        return new Run(await File.ReadAllBytesAsync(Path.Combine(folder, "outputs.safetensors"), Cancellation), run.RootElement.GetProperty("units").GetUInt64());
    }
}

/// <summary>True outputs made wrong.</summary>
internal static class HostileOutputs
{
    public static byte[] WithNaN(byte[] outputs) => Rewrite(outputs, tensor =>
    {
        var data = tensor.Data.ToArray();
        BitConverter.TryWriteBytes(data, float.NaN);
        return tensor with { Data = data };
    });

    public static byte[] Flattened(byte[] outputs) => Rewrite(outputs, tensor => tensor with { Shape = [tensor.Count] });

    private static byte[] Rewrite(byte[] outputs, Func<Tensor, Tensor> change) =>
        Safetensors.Write([.. Safetensors.Parse(outputs).Select(t => t.Type == TensorType.F32 ? change(t) : t)]);
}
