using System.Net.Sockets;
using Assay.Hosting.Options;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Assay.Hosting.Messaging;

/// <summary>Asks the broker before the bus does, which would try for a minute and then fail with a stack trace.</summary>
internal sealed class BrokerAtStart(BusOptions options, ILogger<BrokerAtStart> log) : ServerAtStart(options.StartSeconds, log)
{
    private readonly ConnectionFactory broker = new() { Uri = new Uri(options.Uri), RequestedConnectionTimeout = TimeSpan.FromSeconds(5) };

    protected override string Server => $"RabbitMQ at {broker.HostName}:{broker.Port}, virtual host {broker.VirtualHost} as {broker.UserName} (Bus:Uri)";

    protected override async Task TryAsync(CancellationToken cancellation)
    {
        await using var connection = await broker.CreateConnectionAsync(cancellation);
        // A virtual host that is absent or closed to us shows at the first use only.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
    }

    protected override bool? MayPass(Exception error) => error switch
    {
        BrokerUnreachableException => error.GetBaseException() is SocketException or IOException or TimeoutException,
        OperationInterruptedException => false,
        _ => null,
    };
}
