using System.Net;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Work;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Assay.Protocol.Tests.Work;

public sealed class BlobStoreTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("assay-blobs-").FullName;
    private static readonly byte[] Content = "some content"u8.ToArray();
    private static readonly Bytes32 Digest = BlobAddress.Of(Content);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task A_directory_gives_back_what_was_put()
    {
        var store = new DirectoryBlobStore(_root);
        Assert.False(await store.ExistsAsync(Digest));
        Assert.Equal(Digest, await store.PutAsync(Content));
        Assert.Equal(Digest, await store.PutAsync(Content));
        Assert.True(await store.ExistsAsync(Digest));
        Assert.Equal(Content, await store.GetAsync(Digest, Content.Length));
        Assert.Equal(Content, File.ReadAllBytes(store.PathOf(Digest)));
        Assert.EndsWith(Path.Combine(BlobAddress.Format(Digest)[..2], BlobAddress.Format(Digest)), store.PathOf(Digest));
    }

    [Fact]
    public async Task Content_of_another_digest_is_not_stored_and_leaves_nothing_behind()
    {
        var store = new DirectoryBlobStore(_root);
        await Fails(BlobFault.WrongDigest, () => store.PutAsync(Bytes32.Zero, new MemoryStream(Content), 100));
        await Fails(BlobFault.TooLarge, () => store.PutAsync(Digest, new MemoryStream(Content), Content.Length - 1));
        Assert.Empty(Directory.GetFiles(_root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_file_that_was_changed_is_noticed()
    {
        var store = new DirectoryBlobStore(_root);
        await store.PutAsync(Content);
        File.WriteAllText(store.PathOf(Digest), "other contents");
        await Fails(BlobFault.WrongDigest, () => store.GetAsync(Digest, 100));
        await Fails(BlobFault.TooLarge, () => store.GetAsync(Digest, 5));
        await Fails(BlobFault.NotFound, () => store.GetAsync(Bytes32.Zero, 5));
    }

    [Fact]
    public async Task Http_puts_and_gets_with_the_request_signed_over_the_digest()
    {
        var directory = new DirectoryBlobStore(_root);
        await using var server = await Server(async context =>
        {
            var digest = BlobAddress.Parse(context.Request.Path.Value!["/blobs/".Length..]);
            if (context.Request.Method == "PUT")
            {
                Assert.Equal(digest.ToString(), context.Request.Headers["signed"]);
                await directory.PutAsync(digest, context.Request.Body, 100);
            }
            else if (await directory.ExistsAsync(digest)) await context.Response.SendFileAsync(directory.PathOf(digest));
            else context.Response.StatusCode = 404;
        });
        var store = new HttpBlobStore(Client(server), (request, digest, _) =>
        {
            request.Headers.Add("signed", digest.ToString());
            return ValueTask.CompletedTask;
        });
        Assert.False(await store.ExistsAsync(Digest));
        await Fails(BlobFault.NotFound, () => store.GetAsync(Digest, 100));
        await store.PutAsync(Content);
        Assert.True(await store.ExistsAsync(Digest));
        Assert.Equal(Content, await store.GetAsync(Digest, Content.Length));
        await Fails(BlobFault.TooLarge, () => store.GetAsync(Digest, Content.Length - 1));
    }

    [Theory]
    [InlineData("wrong", BlobFault.WrongDigest)]
    [InlineData("endless", BlobFault.TooLarge)]
    [InlineData("redirect", BlobFault.Refused)]
    [InlineData("error", BlobFault.Unreachable)]
    [InlineData("cut", BlobFault.Unreachable)]
    public async Task A_hostile_server_is_caught(string behaviour, BlobFault fault)
    {
        await using var server = await Server(async context =>
        {
            var response = context.Response;
            if (behaviour == "wrong") await response.WriteAsync("wrong");
            if (behaviour == "redirect") response.Redirect("http://127.0.0.1:1/");
            if (behaviour == "error") response.StatusCode = 503;
            if (behaviour == "cut")
            {
                response.ContentLength = 1000;
                await response.WriteAsync("part");
                await response.Body.FlushAsync();
                context.Abort();
            }
            if (behaviour == "endless")
                while (!context.RequestAborted.IsCancellationRequested) await response.Body.WriteAsync(new byte[1 << 16], context.RequestAborted);
        });
        await Fails(fault, () => new HttpBlobStore(Client(server)).GetAsync(Digest, 1 << 20));
    }

    [Fact]
    public async Task A_server_that_is_gone_is_unreachable()
    {
        var server = await Server(_ => Task.CompletedTask);
        using var client = Client(server);
        await server.DisposeAsync();
        await Fails(BlobFault.Unreachable, () => new HttpBlobStore(client).ExistsAsync(Digest));
    }

    private static async Task Fails(BlobFault fault, Func<Task> action) =>
        Assert.Equal(fault, (await Assert.ThrowsAsync<BlobException>(action)).Fault);

    private static HttpClient Client(WebApplication server) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Urls.Single()) };

    private static async Task<WebApplication> Server(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        server.Run(answer);
        await server.StartAsync();
        return server;
    }
}
