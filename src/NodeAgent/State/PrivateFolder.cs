namespace Assay.NodeAgent.State;

internal static class PrivateFolder
{
    /// <summary>Creates a folder that only the agent's own user can enter; an existing one keeps its mode. Returns its full path.</summary>
    /// <exception cref="PlatformNotSupportedException">Not on Linux.</exception>
    public static string Create(string path) =>
        OperatingSystem.IsLinux()
            ? Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName
            : throw new PlatformNotSupportedException("The node agent runs on Linux.");
}
