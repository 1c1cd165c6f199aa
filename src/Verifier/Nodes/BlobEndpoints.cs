using Assay.Ethereum.Primitives;
using Assay.Hosting.Http;
using Assay.Protocol.Work;
using Microsoft.AspNetCore.Http.Features;

namespace Assay.Verifier.Nodes;

/// <summary>Content by its SHA-256: anybody reads, operators and clients write.</summary>
public static class BlobEndpoints
{
    public static IEndpointRouteBuilder MapBlobs(this IEndpointRouteBuilder routes)
    {
        var blobs = routes.MapGroup("/blobs").WithTags("Blobs").WithGroupName("verifier");
        blobs.MapMethods("/{digest}", ["GET", "HEAD"], Get).Produces(200, contentType: "application/octet-stream").ProducesProblem(404)
            .WithSummary("The content with this SHA-256.");
        blobs.MapGet("/witness", (StoreWitness witness) => new WitnessKey(witness.Address)).Produces<WitnessKey>()
            .WithSummary("The key with which this store signs what it holds, to be named as an order's witness.");
        blobs.MapPut("/{digest}", PutAsync).Produces(201).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409).ProducesProblem(413)
            .ProducesProblem(422).WithSummary("Stores content under its SHA-256; signed by an operator or a client.");
        return routes;
    }

    /// <param name="Witness">Left out: this store signs nothing.</param>
    private sealed record WitnessKey(Address? Witness);

    private static IResult Get(string digest, VerifierBlobs blobs)
    {
        var path = blobs.Store.PathOf(Parse(digest));
        return File.Exists(path)
            ? Results.File(path, "application/octet-stream", entityTag: new($"\"{digest}\""))
            : throw new ProblemException(404, "no_such_blob", $"No blob {digest}.");
    }

    // The signature covers the digest in the path, so the body can be streamed: content with another digest is not kept.
    private static async Task<IResult> PutAsync(
        string digest, HttpContext http, RequestGate gate, VerifierBlobs blobs, VerifierOptions options, CancellationToken cancellation)
    {
        var expected = Parse(digest);
        await gate.AdmitAsync(http, expected);
        var limit = options.Blobs.MaxBytes;
        if (http.Request.ContentLength > limit) throw TooLarge(limit);
        // Our own count decides, and answers with our own code.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        try
        {
            await blobs.Store.PutAsync(expected, http.Request.Body, limit, cancellation);
        }
        catch (BlobException e) when (e.Fault == BlobFault.TooLarge)
        {
            throw TooLarge(limit);
        }
        catch (BlobException e) when (e.Fault == BlobFault.WrongDigest)
        {
            throw new ProblemException(422, "wrong_digest", e.Message);
        }
        return Results.Created($"/blobs/{digest}", null);
    }

    private static Bytes32 Parse(string digest) =>
        BlobAddress.TryParse(digest, out var parsed)
            ? parsed
            : throw new ProblemException(404, "no_such_blob", "A blob is named by 64 lower-case hexadecimal digits.");

    private static ProblemException TooLarge(long limit) => new(413, "too_large", $"The blob is larger than {limit} bytes.");
}
