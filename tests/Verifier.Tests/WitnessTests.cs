using System.Net.Http.Json;
using System.Text.Json;
using Assay.Ethereum.Wallets;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Testing;
using Assay.Verifier.Tests.Support;
using static Assay.Verifier.Tests.Support.VerifierApp;

namespace Assay.Verifier.Tests;

/// <summary>The store's word that it holds what a result commits to.</summary>
public sealed class WitnessTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly Work Ran = Work.Labels("runner", 1, 2, 3);
    private readonly string keys = Directory.CreateTempSubdirectory("verifier-keys-").FullName;
    private readonly LocalSigner store = Cast.Key("store");
    private VerifierApp app = null!;
    private Order order = null!;

    private Actor Runner => app.Cast.Operators[0];
    private WitnessRequest Asked => new(app.Cast.JobOf(order), Ran.Opening);
    private Stored Word => new(Asked.Job, Ran.Commitment);

    public async Task InitializeAsync()
    {
        var (keystore, password) = (Path.Combine(keys, "store.json"), Path.Combine(keys, "password"));
        Keystore.Write(keystore, store, "secret", scryptN: 1 << 12);
        await File.WriteAllTextAsync(password, "secret\n");
        app = await VerifierApp.StartAsync((await postgres.CreateDatabaseAsync())["verifier"], settings: new()
        {
            ["Blobs:Keystore"] = keystore, ["Blobs:PasswordFile"] = password,
        });
        order = app.Cast.Order(@operator: Runner.Address) with { Witness = store.Address };
        await app.TellAsync(app.Cast.Registrations());
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        Directory.Delete(keys, recursive: true);
    }

    [Fact]
    public async Task The_store_names_its_key_and_signs_what_it_holds_and_nothing_else()
    {
        Assert.Equal(store.Address.ToString(), (await app.Http.GetFromJsonAsync<JsonElement>("/blobs/witness")).GetProperty("witness").GetString());
        await RefusedAsync(app.PostAsync(Runner, "/nodes/witness", Asked), 409, "content_missing");
        await app.StoreAsync(Runner, Ran.Outputs);
        Assert.True(app.Cast.Domain.IsSignedBy(Word, await SignedAsync(), store.Address));
    }

    [Fact]
    public async Task A_result_of_a_job_with_a_witness_is_taken_with_the_witness_own_word_behind_the_nodes()
    {
        await app.StoreAsync(Runner, Ran.Outputs);
        await app.OrderAsync(order);
        await app.TellAsync(app.Cast.Opened(order, Runner));
        await app.WorkAsync(Runner, WorkKind.Execute);
        var result = new Result(Asked.Job, Ran.Commitment, Work.ManifestDigest);
        var (own, word) = (app.Cast.Sign(Runner.Node, result), await SignedAsync());

        await BadAsync(own);
        await BadAsync([.. word, .. own]);
        await BadAsync([.. own, .. app.Cast.Sign(Runner.Node, Word)]);
        await BadAsync([.. own, .. app.Cast.Sign(store, Word with { Commitment = Ran.Root })]);
        await BadAsync([.. app.Cast.Sign(store, result), .. word]);
        Assert.Empty(await app.SentAsync<ResultSigned>());
        await AcceptedAsync(PostAsync([.. own, .. word]));
        byte[] both = [.. own, .. word];
        Assert.Equal(both, (await app.MessageAsync<ResultSigned>()).Signature);

        Task<HttpResponseMessage> PostAsync(byte[] signature) =>
            app.PostAsync(Runner, "/nodes/results", new ResultRequest(result, signature, System.Text.Encoding.UTF8.GetString(Work.Manifest)));
        Task BadAsync(byte[] signature) => RefusedAsync(PostAsync(signature), 422, "bad_document_signature");
    }

    [Fact]
    public async Task A_store_without_a_key_signs_nothing()
    {
        await using var silent = await VerifierApp.StartAsync((await postgres.CreateDatabaseAsync())["verifier"]);
        await silent.TellAsync(silent.Cast.Registrations());
        Assert.False((await silent.Http.GetFromJsonAsync<JsonElement>("/blobs/witness")).TryGetProperty("witness", out _));
        await silent.StoreAsync(silent.Cast.Operators[0], Ran.Outputs);
        await RefusedAsync(silent.PostAsync(silent.Cast.Operators[0], "/nodes/witness", Asked), 404, "no_witness");
    }

    private async Task<byte[]> SignedAsync()
    {
        using var response = await app.PostAsync(Runner, "/nodes/witness", Asked);
        return (await response.Content.ReadFromJsonAsync<WitnessResponse>(ProtocolJson.Options))!.Signature;
    }
}
