using System.Diagnostics;
using System.Text.Json;
using Assay.Ethereum.Wallets;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;

namespace Assay.NodeAgent.Tests;

/// <summary>The program as an operator starts it.</summary>
public sealed class ProgramTests : IDisposable
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Assay.NodeAgent.dll");
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Help_names_the_command_and_the_exit_codes()
    {
        var (code, output, _) = await EndAsync(Start("--help"));
        Assert.Equal(0, code);
        Assert.Contains("run", output);
        Assert.Contains("2 configuration cannot be used", output);
        Assert.Contains("--config", (await EndAsync(Start("run", "--help"))).Output);
    }

    [Fact]
    public async Task A_configuration_that_cannot_be_used_ends_with_code_two_and_one_line()
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        var config = Configuration(verifier);
        foreach (var (text, expected) in new[]
        {
            ("{", "node.json"),
            (config.Replace("\"chainId\"", "\"chain\""), "chain"),
            (config.Replace("http:", "ftp:"), "verifierUrl"),
            (config.Replace(Repository.Node, "node"), "absolute path"),
            (config.Replace("{workdir}", "work"), "{workdir}"),
            (config.Replace("password.txt", "missing.txt"), "missing.txt"),
        })
        {
            Assert.NotEqual(config, text);
            File.WriteAllText(_folder.File("node.json"), text);
            var (code, _, errors) = await EndAsync(Start("run", "--config", _folder.File("node.json")));
            Assert.Equal(2, code);
            Assert.Contains(expected, Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        }
        Assert.Equal(2, (await EndAsync(Start("run", "--config", _folder.File("nothing.json")))).Code);
        Assert.Empty(verifier.Requests);
    }

    [Fact]
    public async Task A_password_that_does_not_open_the_keystore_ends_with_code_two()
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        File.WriteAllText(_folder.File("node.json"), Configuration(verifier));
        File.WriteAllText(_folder.File("password.txt"), "hunter2");
        var (code, output, errors) = await EndAsync(Start("run", "--config", _folder.File("node.json")));
        Assert.Equal(2, code);
        Assert.Contains(ScriptedVerifier.Operator.ToString(), errors);
        Assert.DoesNotContain("hunter2", output + errors);
    }

    [Fact]
    public async Task A_damaged_state_ends_with_code_three()
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        File.WriteAllText(_folder.File("node.json"), Configuration(verifier));
        Directory.CreateDirectory(_folder.File("state/seals"));
        File.WriteAllText(_folder.File("state/seals/x.json"), "{}");
        var (code, _, errors) = await EndAsync(Start("run", "--config", _folder.File("node.json")));
        Assert.Equal(3, code);
        Assert.Contains("x.json is damaged", errors);
    }

    [Fact]
    public async Task Killed_after_its_commitment_it_opens_the_same_value_when_started_again()
    {
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        File.WriteAllText(_folder.File("node.json"), Configuration(verifier));
        var sample = SampleJob.Exact();
        foreach (var blob in sample.Blobs) await Protocol.Work.BlobStoreExtensions.PutAsync(verifier.Blobs, blob);

        using var first = Start("run", "--config", _folder.File("node.json"));
        verifier.Give(sample, WorkKind.Execute);
        var result = await verifier.NextAsync<ResultRequest>();
        first.Kill();
        await first.WaitForExitAsync();

        using var second = Start("run", "--config", _folder.File("node.json"));
        verifier.Give(sample, WorkKind.Execute);
        Assert.Equal(result.Result, (await verifier.NextAsync<ResultRequest>()).Result);
        verifier.Give(sample, WorkKind.Reveal);
        Assert.Equal(result.Result.Commitment, Values.Commitment((await verifier.NextAsync<OpeningRequest>()).Opening));
        Assert.Equal(0, await TerminateAsync(second));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_runtime_ends_with_its_agent(bool killed)
    {
        var mark = Guid.NewGuid().ToString("N");
        var script = _folder.File("hang.sh");
        File.WriteAllText(script, $"trap '' TERM; touch '{_folder.File("running")}'; sh -c 'trap \"\" TERM; sleep 300; : {mark}'");
        await using var verifier = await ScriptedVerifier.StartAsync(_folder);
        File.WriteAllText(_folder.File("node.json"), Configuration(verifier).Replace(Repository.Node, "/bin/sh").Replace(Repository.Runtime("onnx/run.mjs"), script));
        var sample = SampleJob.Exact();
        foreach (var blob in sample.Blobs) await Protocol.Work.BlobStoreExtensions.PutAsync(verifier.Blobs, blob);
        using var agent = Start("run", "--config", _folder.File("node.json"));
        verifier.Give(sample, WorkKind.Execute);
        while (!File.Exists(_folder.File("running"))) await Task.Delay(20);
        while (Folder.Processes(mark).Count == 0) await Task.Delay(20);

        if (killed) agent.Kill();
        else Assert.Equal(0, await TerminateAsync(agent));
        // The kernel's signal to orphans takes a moment.
        for (var i = 0; i < 500 && Folder.Processes(mark).Count > 0; i++) await Task.Delay(20);
        Assert.Empty(Folder.Processes(mark));
    }

    private string Configuration(ScriptedVerifier verifier)
    {
        if (!File.Exists(_folder.File("key.json"))) Keystore.Write(_folder.File("key.json"), verifier.Signer, "a password", 1 << 12);
        File.WriteAllText(_folder.File("password.txt"), "a password\n");
        return JsonSerializer.Serialize(
            new
            {
                verifierUrl = verifier.Url, chainId = 31337, escrow = ScriptedVerifier.Domain.Escrow, cacheDirectory = "cache",
                operators = new[]
                {
                    new
                    {
                        address = ScriptedVerifier.Operator, keystore = "key.json", passwordFile = "password.txt", stateDirectory = "state",
                        runtimes = new { onnx = new { jobs = new { command = new[] { Repository.Node, Repository.Runtime("onnx/run.mjs"), "{workdir}" } } } },
                    },
                },
            }, ProtocolJson.Options);
    }

    private static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static async Task<(int Code, string Output, string Errors)> EndAsync(Process process)
    {
        using (process)
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return (process.ExitCode, await output, await errors);
        }
    }

    private static async Task<int> TerminateAsync(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
