using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol;
using Assay.Protocol.Chain;
using Assay.Protocol.Nodes;
using Assay.Protocol.Work;

namespace Assay.Circle.Network;

/// <summary>A client: stores its inputs, signs orders with its own key and posts them. It needs no gas for any of it.</summary>
public sealed class ClientWallet : IDisposable
{
    private readonly EscrowDomain domain;
    private readonly LocalSigner key;
    private readonly HttpClient settlement;
    private readonly HttpClient verifier;

    public ClientWallet(EscrowDomain domain, LocalSigner key, Uri settlementAddress, Uri verifierAddress)
    {
        this.domain = domain;
        this.key = key;
        // An order is one job however often it is posted.
        settlement = PatientHandler.Client(settlementAddress, writesCountOnce: true);
        verifier = PatientHandler.Client(verifierAddress);
        Blobs = new HttpBlobStore(verifier, SignAsync);
    }

    public Address Address => key.Address;

    public HttpBlobStore Blobs { get; }

    /// <summary>Stores a job's documents and returns an order for it, unsigned.</summary>
    public async Task<Order> PrepareAsync(SampleSet samples, Model model, int batch, Address @operator, TimeSpan validFor, CancellationToken cancellation)
    {
        var (modelBytes, images, policy) = (samples.ModelBytes(model), samples.BatchBytes(batch), samples.Policy(model));
        var modelDigest = await Blobs.PutAsync(modelBytes, cancellation);
        var imagesDigest = await Blobs.PutAsync(images, cancellation);
        var manifest = new JobManifest(
            "onnx",
            new ContentReference(BlobAddress.Format(modelDigest), modelBytes.Length),
            [new InputReference("images", BlobAddress.Format(imagesDigest), images.Length)],
            SampleSet.Limits);
        var workload = await Blobs.PutAsync(manifest.ToCanonical(), cancellation);
        var policyDigest = await Blobs.PutAsync(policy.ToCanonical(), cancellation);
        return new Order(
            key.Address, @operator, workload, policyDigest, SampleSet.ComparisonOf(model),
            LocalTerms.UnitPrice, LocalTerms.MaxPrice, LocalTerms.Parameters.FeeFor(LocalTerms.MaxPrice), LocalTerms.RunWindow,
            new Bytes32(RandomNumberGenerator.GetBytes(Bytes32.Size)), (ulong)DateTimeOffset.UtcNow.Add(validFor).ToUnixTimeSeconds())
        {
            Runtime = LocalTerms.Runtime,
        };
    }

    /// <summary>Signs the order and hands it to Settlement.</summary>
    /// <returns>The job id.</returns>
    /// <exception cref="HttpRequestException">Refused; the message carries Settlement's reason.</exception>
    public async Task<Bytes32> PlaceAsync(Order order, CancellationToken cancellation)
    {
        var signature = await domain.SignAsync(key, order, cancellation);
        using var response = await PostAsync(order, signature, cancellation);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException(
                $"The order was refused: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellation)}", null, response.StatusCode);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation);
        return Bytes32.Parse(answer.GetProperty("job").GetString()!);
    }

    /// <summary>Posts an order as it is, also one that should be refused.</summary>
    public Task<HttpResponseMessage> PostAsync(Order order, byte[] signature, CancellationToken cancellation) =>
        settlement.PostAsJsonAsync(
            "/orders",
            new { order, signature, domain = new { chainId = domain.ChainId, verifyingContract = domain.Escrow } },
            ProtocolJson.Options,
            cancellation);

    public void Dispose()
    {
        settlement.Dispose();
        verifier.Dispose();
        key.Dispose();
    }

    private async ValueTask SignAsync(HttpRequestMessage request, Bytes32 body, CancellationToken cancellation)
    {
        var path = request.RequestUri!.OriginalString;
        var proof = await RequestProof.SignAsync(domain, key, key.Address, request.Method.Method, path, body, DateTimeOffset.UtcNow, cancellation);
        foreach (var (name, value) in proof.Headers()) request.Headers.TryAddWithoutValidation(name, value);
    }
}
