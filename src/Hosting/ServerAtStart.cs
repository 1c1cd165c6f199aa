using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Assay.Hosting;

/// <summary>
/// A server that the service cannot start without. Processes of one deployment start together: one that is still coming up is waited for,
/// one that refuses us ends the start. Only the start: what goes away later comes back.
/// </summary>
internal abstract class ServerAtStart(int seconds, ILogger log) : IHostedService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Where it is, as whom we come, and in brackets the setting that says so; never the password.</summary>
    protected abstract string Server { get; }

    protected abstract Task TryAsync(CancellationToken cancellation);

    /// <returns>Whether a later try may succeed; null for what is not the server's answer.</returns>
    protected abstract bool? MayPass(Exception error);

    /// <exception cref="StartRefusedException">It refused, or did not answer in time.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        for (var clock = Stopwatch.StartNew(); ;)
            try
            {
                await TryAsync(cancellation);
                return;
            }
            catch (Exception e) when (MayPass(e) == true && clock.Elapsed.TotalSeconds < seconds)
            {
                log.LogWarning("No answer yet from {Server}: {Reason}", Server, ReasonOf(e));
                await Task.Delay(Pause, cancellation);
            }
            catch (Exception e) when (MayPass(e) is not null)
            {
                throw new StartRefusedException($"{Server}: {ReasonOf(e)}");
            }
    }

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;

    internal static string ReasonOf(Exception error) => error.GetBaseException().Message.Split('\n')[0];
}
