namespace Assay.Circle.Stack;

internal static class Retry
{
    private const int Attempts = 3;

    /// <summary>Starts a server on a free port, and on another one if somebody took that port before the server did.</summary>
    public static async Task<T> OnTakenPort<T>(Func<int, Task<T>> start)
    {
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort.Next();
            try
            {
                return await start(port);
            }
            catch (ProcessFailedException) when (attempt < Attempts && !FreePort.IsFree(port))
            {
                // The port went to somebody else; the failed server has ended, so the next attempt finds everything as before.
            }
        }
    }
}
