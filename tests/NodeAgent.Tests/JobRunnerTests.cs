using Assay.Ethereum.Primitives;
using Assay.NodeAgent.Runs;
using Assay.NodeAgent.Work;
using Assay.Protocol.Work;

namespace Assay.NodeAgent.Tests;

public sealed class JobRunnerTests : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_int8_model_gives_the_labels_of_the_samples()
    {
        var outputs = await RunAsync(SampleJob.Exact(), Repository.Onnx);
        var tensors = Safetensors.Parse(outputs.Content);
        Assert.Equal(["labels", "scores"], tensors.Select(tensor => tensor.Name));
        Assert.Equal(16ul, outputs.Units);
        Assert.Equal(("onnx", "cpu"), (outputs.Manifest.Runtime, outputs.Manifest.Provider));
        Assert.Equal(BlobAddress.Of(outputs.Content), outputs.Root);
    }

    [Fact]
    public async Task Two_runs_of_the_int8_model_have_one_value()
    {
        var job = SampleJob.Exact();
        Assert.Equal((await RunAsync(job, Repository.Onnx)).Value, (await RunAsync(job, Repository.Onnx)).Value);
    }

    [Fact]
    public async Task Two_runs_of_the_fp32_model_match_by_its_policy()
    {
        var job = SampleJob.Tolerance();
        var (a, b) = (await RunAsync(job, Repository.Onnx), await RunAsync(job, Repository.Onnx));
        Assert.True(ResultComparer.Compare(job.Policy, a.Content, a.Units, b.Content, b.Units).IsMatch);
    }

    [Fact]
    public async Task The_fp32_model_on_webgpu_matches_the_cpu_by_its_policy()
    {
        var job = SampleJob.Tolerance();
        var own = await RunAsync(job, Repository.Onnx);
        var gpu = await RunAsync(job, Repository.Onnx with { Environment = await Repository.VulkanAsync() }, "webgpu");
        Assert.Equal("webgpu", gpu.Manifest.Provider);
        Assert.True(ResultComparer.Compare(job.Policy, gpu.Content, gpu.Units, own.Content, own.Units).IsMatch);
    }

    [Fact]
    public async Task The_int8_model_on_webgpu_has_the_value_of_the_cpu()
    {
        var job = SampleJob.Exact();
        var gpu = await RunAsync(job, Repository.Onnx with { Environment = await Repository.VulkanAsync() }, "webgpu");
        Assert.Equal((await RunAsync(job, Repository.Onnx)).Value, gpu.Value);
    }

    [Theory]
    [InlineData("garbage", RunFault.BadOutputs)]
    [InlineData("nan", RunFault.BadOutputs)]
    [InlineData("truncated", RunFault.BadOutputs)]
    [InlineData("spaced", RunFault.BadOutputs)]
    [InlineData("huge", RunFault.BadOutputs)]
    [InlineData("norun", RunFault.BadOutputs)]
    [InlineData("badrun", RunFault.BadOutputs)]
    [InlineData("silent", RunFault.BadOutputs)]
    [InlineData("crash", RunFault.Failed)]
    [InlineData("noise", RunFault.Failed)]
    public async Task A_hostile_runtime_gives_no_result(string kind, RunFault fault)
    {
        var thrown = await Assert.ThrowsAsync<RunException>(() => RunAsync(SampleJob.Exact(), Repository.Fault(kind)));
        // Where the file limit stops 100 MB before they are written, the runtime fails instead.
        Assert.Contains(thrown.Fault, kind == "huge" ? [RunFault.BadOutputs, RunFault.Failed] : new[] { fault });
    }

    [Fact]
    public async Task A_runtime_that_hangs_is_ended_by_the_job_s_own_limit()
    {
        var thrown = await Assert.ThrowsAsync<RunException>(() => RunAsync(SampleJob.Exact(new RunLimits(1, 1024)), Repository.Fault("hang")));
        Assert.Equal(RunFault.TimeLimit, thrown.Fault);
    }

    [Theory]
    [InlineData("ln -s /etc/passwd \"$1/outputs.safetensors\"")]
    [InlineData("mkfifo \"$1/outputs.safetensors\"")]
    [InlineData("mkdir \"$1/outputs.safetensors\"")]
    [InlineData("ln -s /dev/zero \"$1/outputs.safetensors\"")]
    public async Task Outputs_that_are_no_plain_file_are_refused(string make)
    {
        var report = """printf '{"units":1,"manifest":{"runtime":"onnx","provider":"cpu","device":"d","versions":{}}}' > "$1/run.json" """;
        var thrown = await Assert.ThrowsAsync<RunException>(() => RunAsync(SampleJob.Exact(), _folder.Shell($"{make}; {report}")));
        Assert.Equal(RunFault.BadOutputs, thrown.Fault);
    }

    [Theory]
    [InlineData("""{"units":-1,"manifest":{"runtime":"onnx","provider":"cpu","device":"d","versions":{}}}""")]
    [InlineData("""{"units":1.5,"manifest":{"runtime":"onnx","provider":"cpu","device":"d","versions":{}}}""")]
    [InlineData("""{"units":1,"manifest":{"runtime":"other","provider":"cpu","device":"d","versions":{}}}""")]
    [InlineData("""{"units":1,"manifest":{"runtime":"onnx","provider":"../cpu","device":"d","versions":{}}}""")]
    [InlineData("""{"units":1,"manifest":{"runtime":"onnx","provider":"cpu","device":null,"versions":{}}}""")]
    [InlineData("""{"units":1,"manifest":{"runtime":"onnx","provider":"cpu","device":"d","versions":{"a b":"1"}}}""")]
    [InlineData("""{"units":1}""")]
    [InlineData("null")]
    public async Task A_report_that_is_not_as_agreed_is_refused(string report)
    {
        var outputs = _folder.File("outputs");
        File.WriteAllBytes(outputs, Safetensors.Write([new Tensor("a", TensorType.U8, [1], new byte[1])]));
        var thrown = await Assert.ThrowsAsync<RunException>(
            () => RunAsync(SampleJob.Exact(), _folder.Shell($"cp '{outputs}' \"$1/outputs.safetensors\"; printf '%s' '{report}' > \"$1/run.json\"")));
        Assert.Equal(RunFault.BadOutputs, thrown.Fault);
    }

    [Fact]
    public async Task The_work_folder_holds_the_job_alone_and_is_gone_afterwards()
    {
        var listing = _folder.File("listing");
        await Assert.ThrowsAsync<RunException>(() => RunAsync(SampleJob.Exact(), _folder.Shell($"ls -A \"$1\" > '{listing}'; exit 1")));
        Assert.Equal(["input-images.safetensors", "job.json", "model.onnx"], File.ReadAllLines(listing));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder.Path, "state/runs")));
    }

    [Fact]
    public async Task As_many_finished_runs_are_kept_as_asked_for()
    {
        using var runner = await RunnerAsync(SampleJob.Exact(), keep: 1);
        var last = Bytes32.Zero;
        for (byte i = 1; i <= 2; i++)
            await runner.RunAsync(last = BlobAddress.Of([i]), SampleJob.Exact().Manifest, Repository.Onnx, 600, default);
        var kept = Assert.Single(Directory.GetDirectories(Path.Combine(_folder.Path, "state/kept")));
        Assert.Equal(BlobAddress.Format(last), Path.GetFileName(kept));
        Assert.True(File.Exists(Path.Combine(kept, "outputs.safetensors")));
    }

    [Fact]
    public async Task A_cached_blob_that_was_damaged_is_fetched_again()
    {
        var job = SampleJob.Exact();
        using var runner = await RunnerAsync(job);
        await runner.RunAsync(Bytes32.Zero, job.Manifest, Repository.Onnx, 600, default);
        var cached = new DirectoryBlobStore(_folder.File("cache")).PathOf(job.Manifest.Model.ToDigest());
        var bytes = File.ReadAllBytes(cached);
        bytes[100] ^= 1;
        File.WriteAllBytes(cached, bytes);
        Assert.Equal(16ul, (await runner.RunAsync(Bytes32.Zero, job.Manifest, Repository.Onnx, 600, default)).Units);
    }

    [Fact]
    public async Task The_cache_keeps_to_its_size()
    {
        var job = SampleJob.Exact();
        var store = await SampleJob.StoreAsync(_folder.File("remote"), job);
        using var cache = new BlobCache(new DirectoryBlobStore(_folder.File("cache")), store, _folder.File("cache"), 20_000);
        foreach (var blob in job.Blobs) await cache.FetchAsync(BlobAddress.Of(blob), blob.Length, default);
        var files = Directory.GetFiles(_folder.File("cache"), "*", SearchOption.AllDirectories);
        Assert.InRange(files.Sum(file => new FileInfo(file).Length), 1, 20_000);
        Assert.Contains(files, file => Path.GetFileName(file) == BlobAddress.Format(BlobAddress.Of(job.Blobs[^1])));
    }

    private async Task<RunOutputs> RunAsync(SampleJob job, RuntimeCommand command, string provider = "cpu")
    {
        using var runner = await RunnerAsync(job, provider: provider);
        return await runner.RunAsync(job.Manifest.Digest, job.Manifest, command, job.Order.RunWindow, default);
    }

    private async Task<JobRunner> RunnerAsync(SampleJob job, int keep = 0, string provider = "cpu")
    {
        var store = await SampleJob.StoreAsync(_folder.File("remote"), job);
        var cache = new BlobCache(new DirectoryBlobStore(_folder.File("cache")), store, _folder.File("cache"), 1 << 30);
        return new JobRunner(
            new OperatorOptions
            {
                Address = SampleJob.Client, StateDirectory = _folder.Sub("state"), KeepRuns = keep, Provider = provider,
                Runtimes = new Dictionary<string, RuntimeOptions> { ["onnx"] = new(Repository.Onnx) },
            }, cache, null);
    }
}
