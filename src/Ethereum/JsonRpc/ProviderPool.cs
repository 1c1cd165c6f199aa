using System.Text.Json;

namespace Assay.Ethereum.JsonRpc;

/// <summary>
/// Several providers of one chain as one. A call goes to the healthiest; one that fails for a reason of the provider's goes to the next, and a slow read is
/// asked of a second one meanwhile. Whom and when is decided by <see cref="ProviderChoice"/>. Give the providers' clients one attempt: the pool is the retry.
/// Thread-safe.
/// </summary>
/// <param name="providers">At least one; the pool does not dispose them.</param>
/// <param name="options">Rates, rests, hedging.</param>
/// <param name="time">Clock of waits and scores.</param>
public sealed class ProviderPool(IReadOnlyList<JsonRpcClient> providers, ProviderPoolOptions? options = null, TimeProvider? time = null) : IJsonRpc
{
    private readonly ProviderPoolOptions _options = options ?? new ProviderPoolOptions();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private readonly ProviderHealth[] _health =
        [.. providers.Select(_ => ProviderHealth.New(options ?? new ProviderPoolOptions(), (time ?? TimeProvider.System).GetUtcNow()))];

    /// <summary>In the order of the providers.</summary>
    public IReadOnlyList<ProviderHealth> Health
    {
        get
        {
            lock (_gate)
                return [.. _health];
        }
    }

    public Task<T> SendAsync<T>(RpcCall<T> call, CancellationToken cancellation = default) =>
        AskAsync(1, [call.Method], (client, stop) => client.SendAsync(call, stop), cancellation);

    public Task<IReadOnlyList<RpcResult<T>>> BatchAsync<T>(IReadOnlyList<RpcCall<T>> calls, CancellationToken cancellation = default) =>
        AskAsync(calls.Count, [.. calls.Select(c => c.Method)], async (client, stop) =>
        {
            var results = await client.BatchAsync(calls, stop);
            // What is wrong with the provider and not with a call sends the whole batch elsewhere.
            return results.FirstOrDefault(r => r.Error is { } e && IsTheProviders(e)).Error is { } error ? throw error : results;
        }, cancellation);

    /// <summary>Asks all providers and takes what <paramref name="agreeing"/> of them say alike: for a read that money depends on.</summary>
    /// <exception cref="RpcDisagreementException">Fewer say the same.</exception>
    public async Task<T> AgreedAsync<T>(RpcCall<T> call, int agreeing, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(agreeing, providers.Count);
        var raw = new RpcCall<JsonElement>(call.Method, call.Parameters, json => json.Clone());
        var answers = await Task.WhenAll(Enumerable.Range(0, providers.Count).Select(i => TryAsync(i, 1, (client, stop) => client.SendAsync(raw, stop), cancellation)));
        cancellation.ThrowIfCancellationRequested();
        foreach (var answer in answers.Where(a => a.IsSuccess))
            if (answers.Count(other => other.IsSuccess && JsonElement.DeepEquals(other.Value, answer.Value)) >= agreeing)
                return JsonRpcClient.Read(call, answer.Value);
        // A revert or a refusal is an answer too, when they agree on it.
        var refusals = answers.Select(a => a.Error).OfType<JsonRpcException>().Where(e => RpcTroubles.Of(e) == RpcTrouble.Final).GroupBy(e => e.Code).MaxBy(g => g.Count());
        throw refusals?.Count() >= agreeing ? refusals.First() : new RpcDisagreementException(call.Method, agreeing, [.. answers.Select(a => a.Error?.Message ?? Excerpt(a.Value))]);
    }

    private async Task<T> AskAsync<T>(int requests, IReadOnlyList<string> methods, Func<JsonRpcClient, CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var (repeatable, hedged) = (methods.All(RpcRetry.IsRepeatable), _options.HedgeAfter is not null && methods.All(RpcRetry.IsRead));
        var (asked, running, round) = (new HashSet<int>(), new List<Task<RpcResult<T>>>(), 1);
        try
        {
            while (true)
            {
                var next = Next(asked, requests);
                if (running.Count > 0 && !(hedged && next?.At <= _time.GetUtcNow() && await IsSlowAsync(running, stop.Token)))
                {
                    var done = await Task.WhenAny(running);
                    running.Remove(done);
                    var result = await done;
                    if (result.Error is not { } error)
                        return result.Value;
                    if (!MayGoElsewhere(error, repeatable) || (running.Count == 0 && next is null && ++round > _options.Rounds))
                        throw error;
                    // All were asked: once more, after the rests that their failures have given them.
                    if (running.Count == 0 && next is null)
                        asked.Clear();
                    continue;
                }
                var (provider, at) = next!.Value;
                asked.Add(provider);
                if (at > _time.GetUtcNow())
                    await Task.Delay(at - _time.GetUtcNow(), _time, stop.Token);
                running.Add(TryAsync(provider, requests, ask, stop.Token));
            }
        }
        finally
        {
            await stop.CancelAsync();
        }
    }

    /// <summary>Whether none of those under way answers in time.</summary>
    private async Task<bool> IsSlowAsync<T>(List<Task<T>> running, CancellationToken cancellation)
    {
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var patience = Task.Delay(_options.HedgeAfter!.Value, _time, answered.Token);
        var first = await Task.WhenAny([.. running, patience]);
        await answered.CancelAsync();
        return first == patience && !cancellation.IsCancellationRequested;
    }

    private static bool MayGoElsewhere(Exception error, bool repeatable) =>
        IsTheProviders(error) && (repeatable || error is RpcTransportException { Failure: RpcFailure.Unreachable } || RpcTroubles.Of(error) == RpcTrouble.RateLimited);

    private async Task<RpcResult<T>> TryAsync<T>(int provider, int requests, Func<JsonRpcClient, CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        var start = _time.GetTimestamp();
        Change(provider, health => health.Take(requests, _options, _time.GetUtcNow()));
        try
        {
            var answer = await ask(providers[provider], cancellation);
            Change(provider, health => health.Answered(_time.GetElapsedTime(start)));
            return RpcResult<T>.Success(answer);
        }
        catch (Exception error) when (error is JsonRpcException or RpcTransportException)
        {
            var (trouble, wish) = (RpcTroubles.Of(error), (error as RpcTransportException)?.RetryAfter);
            Change(provider, health => trouble is RpcTrouble.Final or RpcTrouble.RangeTooLarge
                ? health.Answered(_time.GetElapsedTime(start))
                : health.Failed(trouble, wish, _options, _time.GetUtcNow()));
            return RpcResult<T>.Failure(error);
        }
        catch (OperationCanceledException error)
        {
            // The other one was quicker, or the caller left: nothing is learnt of this provider.
            return RpcResult<T>.Failure(error);
        }
    }

    private (int Provider, DateTimeOffset At)? Next(HashSet<int> asked, int requests)
    {
        lock (_gate)
            return ProviderChoice.Next(_health, asked, requests, _options, _time.GetUtcNow());
    }

    private void Change(int provider, Func<ProviderHealth, ProviderHealth> change)
    {
        lock (_gate)
            _health[provider] = change(_health[provider]);
    }

    private static bool IsTheProviders(Exception error) => RpcTroubles.Of(error) is RpcTrouble.RateLimited or RpcTrouble.Behind or RpcTrouble.Unwell;

    private static string Excerpt(JsonElement answer) => Primitives.Hex.Excerpt(answer.GetRawText());
}

/// <summary>The providers do not say the same.</summary>
public sealed class RpcDisagreementException(string method, int wanted, IReadOnlyList<string> answers)
    : Exception($"{method}: fewer than {wanted} of {answers.Count} providers agree: {string.Join(" | ", answers)}")
{
    /// <summary>Answers or errors, one for each provider, shortened.</summary>
    public IReadOnlyList<string> Answers { get; } = answers;
}
