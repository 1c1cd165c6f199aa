using System.Diagnostics;

namespace Assay.Circle.Network;

/// <summary>
/// Waits for a service that is being restarted: what never reached it is sent again, and so is a read that broke off. A write that may have arrived is not.
/// </summary>
internal sealed class PatientHandler() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Pause = TimeSpan.FromMilliseconds(250);

    public static HttpClient Client(Uri address) => new(new PatientHandler()) { BaseAddress = address };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // A body can be sent once only unless it is held.
        if (request.Content is not null) await request.Content.LoadIntoBufferAsync(cancellationToken);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException e) when (clock.Elapsed < Patience
                && (e.HttpRequestError == HttpRequestError.ConnectionError || request.Method == HttpMethod.Get))
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }
}
