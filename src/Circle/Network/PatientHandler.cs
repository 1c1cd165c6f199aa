using System.Diagnostics;
using System.Net;

namespace Assay.Circle.Network;

/// <summary>
/// Waits for a service that is being restarted: what never reached it is sent again, and so is what it was not ready for or found too much, and a read that broke off. A write
/// that may have arrived is sent again only where it counts once however often it comes.
/// </summary>
internal sealed class PatientHandler(bool writesCountOnce) : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromMilliseconds(250);

    public static HttpClient Client(Uri address, bool writesCountOnce = false) => new(new PatientHandler(writesCountOnce)) { BaseAddress = address };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // A body can be sent once only unless it is held.
        if (request.Content is not null) await request.Content.LoadIntoBufferAsync(cancellationToken);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                var response = await base.SendAsync(request, cancellationToken);
                if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests) || clock.Elapsed >= Patience) return response;
                response.Dispose();
            }
            catch (HttpRequestException e) when (clock.Elapsed < Patience
                && (e.HttpRequestError == HttpRequestError.ConnectionError || request.Method == HttpMethod.Get || writesCountOnce))
            {
            }
            await Task.Delay(Pause, cancellationToken);
        }
    }
}
