using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Assay.NodeAgent.Runs;

/// <summary>Reads a file that a runtime left: a link is not followed, a pipe is not waited for, no more than the limit is read.</summary>
internal static class HostileFile
{
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;

    // Linux numbers this flag differently on the two processors.
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    /// <exception cref="RunException">No such file, a link, or larger than <paramref name="limit"/> bytes.</exception>
    public static byte[] Read(string path, int limit)
    {
        var name = Path.GetFileName(path);
        using var handle = Open(path, NoFollow | NonBlocking | CloseOnExec);
        if (handle.IsInvalid)
            throw new RunException(RunFault.BadOutputs, $"{name} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            using var file = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            using var content = new MemoryStream();
            var buffer = new byte[1 << 16];
            int read;
            while ((read = file.Read(buffer)) > 0)
            {
                if (content.Length + read > limit) throw new RunException(RunFault.BadOutputs, $"{name} is larger than {limit} bytes");
                content.Write(buffer, 0, read);
            }
            return content.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunException(RunFault.BadOutputs, $"{name} cannot be read: {e.Message}", e);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi)]
    private static extern SafeFileHandle Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
