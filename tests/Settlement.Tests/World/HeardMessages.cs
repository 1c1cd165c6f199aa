using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Assay.Settlement.Tests.World;

/// <summary>What the service said on the bus.</summary>
internal sealed class HeardMessages : IPublishObserver
{
    private readonly ConcurrentQueue<object> messages = new();

    public IReadOnlyList<T> Of<T>() => [.. messages.OfType<T>()];

    public Task PrePublish<T>(PublishContext<T> context) where T : class => Task.CompletedTask;

    public Task PostPublish<T>(PublishContext<T> context) where T : class
    {
        messages.Enqueue(context.Message);
        return Task.CompletedTask;
    }

    public Task PublishFault<T>(PublishContext<T> context, Exception exception) where T : class => Task.CompletedTask;
}

internal static class Listening
{
    public static void AddMassTransitListener(this IServiceCollection services) =>
        services.AddSingleton<IPublishObserver>(provider => provider.GetRequiredService<HeardMessages>());
}
