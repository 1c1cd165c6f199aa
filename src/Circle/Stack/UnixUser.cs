using System.Globalization;
using System.Runtime.InteropServices;

namespace Assay.Circle.Stack;

/// <summary>An account of the machine, as in <c>/etc/passwd</c>.</summary>
public sealed record UnixUser(string Name, int UserId, int GroupId)
{
    public static bool IsRoot => Environment.IsPrivilegedProcess;

    /// <summary>An account without rights for what refuses to run as root, or null when this process is not root.</summary>
    public static UnixUser? Unprivileged => IsRoot ? Find("postgres") ?? Find("nobody") ?? new UnixUser("65534", 65534, 65534) : null;

    public static UnixUser? Find(string name) =>
        File.ReadLines("/etc/passwd")
            .Select(line => line.Split(':'))
            .Where(fields => fields.Length >= 4 && fields[0] == name)
            .Select(fields => new UnixUser(name, int.Parse(fields[2], CultureInfo.InvariantCulture), int.Parse(fields[3], CultureInfo.InvariantCulture)))
            .FirstOrDefault();

    /// <summary>Makes a folder that belongs to this account alone.</summary>
    public void CreateFolder(string path)
    {
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Own(path);
    }

    /// <summary>Gives a file or folder to this account.</summary>
    public void Own(string path)
    {
        if (ChangeOwner(path, UserId, GroupId) != 0)
            throw new IOException($"Could not give {path} to the user {Name}: error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", EntryPoint = "chown", SetLastError = true)]
    private static extern int ChangeOwner([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int user, int group);
}
