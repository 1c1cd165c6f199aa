using System.Net;
using System.Net.Sockets;
using System.Text;
using Assay.Circle.Network;
using Assay.Ethereum.Primitives;
using Assay.Ethereum.Wallets;
using Assay.Protocol;
using Assay.Protocol.Chain;

namespace Assay.Circle.Tests;

public sealed class PatientHandlerTests
{
    private const string NotReady = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", Cut = "";

    /// <summary>A service that is being restarted: not ready yet, then gone in the middle of the request, then there.</summary>
    [Fact]
    public async Task An_order_outlasts_a_restart_of_Settlement_in_the_middle_of_its_post()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = new Uri($"http://{listener.LocalEndpoint}");
        using var key = LocalSigner.Generate();
        var job = new Bytes32([.. Enumerable.Repeat((byte)7, Bytes32.Size)]);
        var accepted = $$"""{"job":"{{job}}"}""";
        var answering = AnswerAsync(
            listener, NotReady, Cut, $"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: {accepted.Length}\r\nConnection: close\r\n\r\n{accepted}");

        using var client = new ClientWallet(new EscrowDomain(1, Address.Zero), key, address, address);
        var order = new Order(
            key.Address, Address.Zero, job, job, Comparison.Exact, 1, 1, 1, 60, job, ulong.MaxValue);

        Assert.Equal(job, await client.PlaceAsync(order, CancellationToken.None));
        var requests = await answering;
        Assert.Equal(3, requests.Count);
        Assert.All(requests, request => Assert.EndsWith(requests[0][^64..], request, StringComparison.Ordinal));
    }

    /// <summary>One connection for each answer; an empty answer cuts it.</summary>
    private static async Task<IReadOnlyList<string>> AnswerAsync(TcpListener listener, params string[] answers)
    {
        var requests = new List<string>();
        foreach (var answer in answers)
        {
            using var connection = await listener.AcceptTcpClientAsync();
            await using var stream = connection.GetStream();
            requests.Add(await RequestAsync(stream));
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
        }
        return requests;
    }

    private static async Task<string> RequestAsync(NetworkStream stream)
    {
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        while (!IsWhole(text.ToString()))
            text.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer)));
        return text.ToString();
    }

    private static bool IsWhole(string request)
    {
        var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0) return false;
        var length = request.Split("\r\n").Single(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return request.Length >= end + 4 + int.Parse(length.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
