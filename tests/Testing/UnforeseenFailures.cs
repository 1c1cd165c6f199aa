using MassTransit;

namespace Assay.Testing;

/// <summary>Lets the first publishes of a bus fail with an error that nobody foresaw.</summary>
public sealed class UnforeseenFailures(int count) : IPublishObserver
{
    public const string Reason = "unforeseen";

    private int _left = count;

    public Task PrePublish<T>(PublishContext<T> context) where T : class =>
        Interlocked.Decrement(ref _left) < 0 ? Task.CompletedTask : throw new InvalidOperationException(Reason);

    public Task PostPublish<T>(PublishContext<T> context) where T : class => Task.CompletedTask;

    public Task PublishFault<T>(PublishContext<T> context, Exception exception) where T : class => Task.CompletedTask;
}
