using System.Net;
using System.Net.Sockets;

namespace Assay.Circle.Stack;

/// <summary>
/// TCP ports for servers that are told theirs before they start. They lie below the range from which the kernel serves outgoing
/// connections, so that none of those takes one in between; another stack still may, hence the servers start again on another port.
/// </summary>
public static class FreePort
{
    private const int Lowest = 15_000, Highest = 31_999;

    private static readonly HashSet<int> handedOut = [];

    /// <summary>A port of 127.0.0.1 that is free now and was not handed out by this process before.</summary>
    public static int Next()
    {
        lock (handedOut)
        {
            for (var attempt = 0; attempt < 1000; attempt++)
            {
                var port = Random.Shared.Next(Lowest, Highest + 1);
                if (!handedOut.Contains(port) && IsFree(port) && handedOut.Add(port))
                    return port;
            }
        }
        throw new InvalidOperationException($"No free TCP port between {Lowest} and {Highest}.");
    }

    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
