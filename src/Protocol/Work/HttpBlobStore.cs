using System.Net;
using System.Net.Http.Headers;
using Assay.Ethereum.Primitives;

namespace Assay.Protocol.Work;

/// <summary>Adds the headers of a signed request; the body's SHA-256 is the blob's digest.</summary>
public delegate ValueTask SignBlobRequest(HttpRequestMessage request, Bytes32 body, CancellationToken cancellation);

/// <summary>Blobs of a Verifier: GET, HEAD and PUT /blobs/{64 hexadecimal digits}. The answers are not trusted.</summary>
/// <param name="http">With a base address, without redirects; its time-out bounds the headers, the cancellation the rest.</param>
/// <param name="sign">Null: a store that is only read.</param>
public sealed class HttpBlobStore(HttpClient http, SignBlobRequest? sign = null) : IBlobStore
{
    public async Task<bool> ExistsAsync(Bytes32 digest, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, PathOf(digest));
        using var response = await SendAsync(request, digest, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound) return false;
        return response.StatusCode == HttpStatusCode.OK ? true : throw Refused(digest, response);
    }

    public async Task CopyToAsync(Bytes32 digest, Stream destination, long maxSize, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, PathOf(digest));
        using var response = await SendAsync(request, digest, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound) throw CheckedCopy.NotFound(digest);
        if (response.StatusCode != HttpStatusCode.OK) throw Refused(digest, response);
        if (response.Content.Headers.ContentLength > maxSize) throw CheckedCopy.TooLarge(digest, maxSize);
        try
        {
            await using var content = await response.Content.ReadAsStreamAsync(cancellation);
            await CheckedCopy.RunAsync(content, destination, digest, maxSize, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException || (e is IOException and not BlobException))
        {
            throw new BlobException(BlobFault.Unreachable, $"Blob {digest}: {e.Message}", e);
        }
    }

    public async Task PutAsync(Bytes32 digest, Stream content, long maxSize, CancellationToken cancellation = default)
    {
        // The digest is signed before the body is sent, so the content is checked first.
        using var body = new MemoryStream();
        await CheckedCopy.RunAsync(content, body, digest, maxSize, cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Put, PathOf(digest))
        {
            Content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (sign is not null) await sign(request, digest, cancellation);
        using var response = await SendAsync(request, digest, cancellation);
        if (response.StatusCode == HttpStatusCode.RequestEntityTooLarge) throw CheckedCopy.TooLarge(digest, maxSize);
        if (!response.IsSuccessStatusCode) throw Refused(digest, response);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Bytes32 digest, CancellationToken cancellation)
    {
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException e)
        {
            throw new BlobException(BlobFault.Unreachable, $"Blob {digest}: {e.Message}", e);
        }
        // The client's own time-out; the caller's cancellation passes.
        catch (TaskCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new BlobException(BlobFault.Unreachable, $"Blob {digest}: no answer in time.", e);
        }
    }

    private static string PathOf(Bytes32 digest) => $"/blobs/{BlobAddress.Format(digest)}";

    private static BlobException Refused(Bytes32 digest, HttpResponseMessage response) =>
        (int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests
            ? new(BlobFault.Unreachable, $"Blob {digest}: the store answers {(int)response.StatusCode}.")
            : new(BlobFault.Refused, $"Blob {digest}: the store answers {(int)response.StatusCode}.");
}
