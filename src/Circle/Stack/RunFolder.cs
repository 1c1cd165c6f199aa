using System.Diagnostics;

namespace Assay.Circle.Stack;

/// <summary>
/// The folder of one stack: data, logs and secrets, gone when the stack is. A small process watches over it and removes it even when its
/// owner was killed; should both be killed, the next stack does.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private const string LockName = ".lock", KeptName = ".kept";

    /// <summary>Its input ends when we do, however that happens; then it removes the folder as soon as the last process in it has let go.</summary>
    private const string Caretaking = """
        exec >/dev/null 2>&1
        read -r _
        for attempt in 1 2 3 4 5 6 7 8 9 10; do
            test -e "$1/.kept" && exit 0
            rm -rf "$1" && exit 0
            sleep 0.3
        done
        """;

    private readonly FileStream ownership;
    private readonly Process caretaker;

    private RunFolder(string path, FileStream ownership)
    {
        Path = path;
        this.ownership = ownership;
        Directory.CreateDirectory(Logs);
        caretaker = Spawner.Start(new ProcessStartInfo("setsid", ["sh", "-c", Caretaking, "sh", path])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        });
    }

    public string Path { get; }

    public string Logs => System.IO.Path.Combine(Path, "logs");

    /// <summary>Whether the folder outlives this process.</summary>
    public bool Kept { get; private set; }

    /// <summary>Creates <c>TIME-PID-N</c> under <c>ASSAY_RUN_DIR</c>, or else under <c>.run</c> of the checkout.</summary>
    public static RunFolder Create(Checkout checkout)
    {
        var chosen = Environment.GetEnvironmentVariable("ASSAY_RUN_DIR");
        var path = string.IsNullOrEmpty(chosen) && UnixUser.IsRoot && !ReachableByOthers(checkout.Root)
            // PostgreSQL drops root's rights and could not enter a checkout under /root.
            ? Directory.CreateTempSubdirectory("assay-run-").FullName
            : CreateUnder(string.IsNullOrEmpty(chosen) ? checkout.Runs : System.IO.Path.GetFullPath(chosen));
        System.IO.File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return new RunFolder(path, Own(path));
    }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Folder(string name) => Directory.CreateDirectory(File(name)).FullName;

    /// <summary>A file that only the owner may read, for passwords and keys.</summary>
    public string WriteSecret(string name, string content)
    {
        var path = File(name);
        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using var writer = new StreamWriter(stream);
        writer.Write(content);
        return path;
    }

    /// <summary>Leaves the folder where it is when this process ends.</summary>
    public void Keep()
    {
        Kept = true;
        System.IO.File.WriteAllText(File(KeptName), "");
    }

    public void Dispose()
    {
        if (!Kept)
            Remove(Path);
        ownership.Dispose();
        caretaker.StandardInput.Close();
        caretaker.WaitForExit();
        caretaker.Dispose();
    }

    private static int created;

    private static string CreateUnder(string parent)
    {
        Directory.CreateDirectory(parent);
        RemoveAbandoned(parent);
        var name = $"{DateTime.UtcNow:yyyyMMdd-HHmmss.fff}-{Environment.ProcessId}-{Interlocked.Increment(ref created)}";
        return Directory.CreateDirectory(System.IO.Path.Combine(parent, name)).FullName;
    }

    /// <summary>The lock dies with the process, so a folder that can be locked has no owner any more.</summary>
    private static FileStream Own(string path) =>
        new(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static void RemoveAbandoned(string parent)
    {
        foreach (var path in Directory.EnumerateDirectories(parent))
        {
            if (System.IO.File.Exists(System.IO.Path.Combine(path, KeptName)) || !System.IO.File.Exists(System.IO.Path.Combine(path, LockName)))
                continue;
            try
            {
                using var ownership = Own(path);
                Remove(path);
            }
            catch (IOException)
            {
                // Somebody else's stack lives there, or somebody else is removing it.
            }
            catch (UnauthorizedAccessException)
            {
                // Another user's folder: that user's next stack removes it.
            }
        }
    }

    internal static void Remove(string path)
    {
        for (var attempt = 1; Directory.Exists(path); attempt++)
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException) when (attempt < 10)
            {
                // A process that was just killed may still have created a file while the folder was being emptied.
                Thread.Sleep(50);
            }
        }
    }

    internal static bool ReachableByOthers(string path)
    {
        for (var folder = new DirectoryInfo(path); folder is not null; folder = folder.Parent)
            if (!folder.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
                return false;
        return true;
    }
}
