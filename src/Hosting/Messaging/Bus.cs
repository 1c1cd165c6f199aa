using System.Data.Common;
using Assay.Hosting.Options;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Assay.Hosting.Messaging;

/// <summary>The message can never be handled (it contradicts itself or the protocol): straight to the error queue, no retry.</summary>
public sealed class PoisonMessageException(string reason) : Exception(reason);

public static class Bus
{
    private static readonly TimeSpan[] Retries =
        [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5)];

    private static readonly TimeSpan ConfirmationPatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// One bus for the process: RabbitMQ with durable quorum queues and publisher confirms, or in-memory without an address.
    /// A message that fails is tried again a few times, then moved to <c>QUEUE_error</c> with the reason in its headers (<c>MT-Fault-Message</c>);
    /// one whose consumer dies with it each time ends in <c>QUEUE_dead</c>.
    /// </summary>
    /// <param name="consumers">Calls each service's <c>AddXConsumers</c>.</param>
    public static IServiceCollection AddAssayBus(this IServiceCollection services, BusOptions options, Action<IBusRegistrationConfigurator> consumers) =>
        services
            .AddSingleton(options)
            .AddSingleton<Telemetry.IHealthReport, BusHealth>()
            .AddBrokerAtStart(options)
            .AddMassTransit(bus =>
            {
                bus.DisableUsageTelemetry();
                consumers(bus);
                bus.AddConfigureEndpointsCallback((_, name, endpoint) => ConfigureEndpoint(name, endpoint, options));
                if (options.InMemory)
                    bus.UsingInMemory((context, factory) => Configure(factory, context));
                else
                    bus.UsingRabbitMq((context, factory) =>
                    {
                        factory.Host(new Uri(options.Uri), host => host.PublisherConfirmation = true);
                        Configure(factory, context);
                    });
            })
            // The bus connects before the services below it begin to publish.
            .Configure<MassTransitHostOptions>(host =>
            {
                host.WaitUntilStarted = true;
                host.StartTimeout = TimeSpan.FromSeconds(60);
                host.StopTimeout = TimeSpan.FromSeconds(15);
            });

    /// <summary>
    /// Puts a consumer on the queue of its service, <c>SERVICE</c>, or on one of its own, <c>SERVICE-QUEUE</c>.
    /// Services in one process share a bus, so a queue name must never come from the class name alone.
    /// </summary>
    public static void AddServiceConsumer<TConsumer>(this IBusRegistrationConfigurator bus, string service, string? queue = null)
        where TConsumer : class, IConsumer =>
        bus.AddConsumer<TConsumer>().Endpoint(endpoint => endpoint.Name = QueueName(service, queue));

    public static string QueueName(string service, string? queue = null) => queue is null ? service : $"{service}-{queue}";

    /// <summary>
    /// Waits until every queue of this process is declared, bound and consumed. Who publishes before that speaks past the process's own consumers.
    /// </summary>
    public static async Task WaitUntilReadyAsync(this IBusControl bus, CancellationToken cancellation) =>
        await bus.WaitForHealthStatus(BusHealthStatus.Healthy, cancellation);

    /// <summary>Publishes under an id of the caller's; returns when the broker has the message in a queue.</summary>
    /// <exception cref="MessageReturnedException">No queue takes this type of message.</exception>
    /// <exception cref="TimeoutException">No confirmation came in time; the broker may have the message all the same.</exception>
    public static async Task PublishConfirmedAsync(this IBus bus, object message, Guid id, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(ConfirmationPatience);
        try
        {
            await bus.Publish(message, message.GetType(), context =>
            {
                context.MessageId = id;
                context.Mandatory = true;
            }, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException("The broker confirmed nothing.");
        }
    }

    private static IServiceCollection AddBrokerAtStart(this IServiceCollection services, BusOptions options) =>
        options.InMemory ? services : services.AddHostedService<BrokerAtStart>();

    private static void Configure<T>(IBusFactoryConfigurator<T> factory, IBusRegistrationContext context) where T : IReceiveEndpointConfigurator
    {
        factory.ConfigureJsonSerializerOptions(AssayJson.Apply);
        factory.ConfigureEndpoints(context);
    }

    private static void ConfigureEndpoint(string name, IReceiveEndpointConfigurator endpoint, BusOptions options)
    {
        endpoint.PrefetchCount = options.Prefetch;
        endpoint.ConcurrentMessageLimit = options.Concurrency;
        if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
        {
            rabbit.SetQuorumQueue();
            rabbit.SetQueueArgument("x-delivery-limit", options.DeliveryLimit);
            // A message whose consumer died every time ends in a queue of its own, not in nothing.
            rabbit.BindDeadLetterQueue($"{name}_dead", $"{name}_dead", queue => queue.SetQuorumQueue());
        }
        // While the database is away nothing is wrong with the message: hold it, well below the broker's 30 minutes for an acknowledgement.
        endpoint.UseMessageRetry(retry =>
        {
            retry.Interval(600, TimeSpan.FromSeconds(1));
            retry.Handle<DbException>(e => e.IsTransient);
        });
        endpoint.UseMessageRetry(retry =>
        {
            retry.Intervals(Retries);
            retry.Ignore<PoisonMessageException>();
            retry.Ignore<DbException>(e => e.IsTransient);
        });
    }
}
