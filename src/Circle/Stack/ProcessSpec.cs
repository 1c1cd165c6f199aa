namespace Assay.Circle.Stack;

/// <summary>What to start. The same value starts the same thing again.</summary>
/// <param name="Name">Names the log file and appears in errors; unique within a run folder.</param>
/// <param name="FileName">Absolute path, or a name to be found on PATH.</param>
public sealed record ProcessSpec(string Name, string FileName, params IReadOnlyList<string> Arguments)
{
    private static readonly string[] passedOn = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ"];

    /// <summary>Added to the few variables that every child gets: PATH, HOME, TMPDIR, LANG, LC_ALL, TZ and DOTNET_*.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? WorkingDirectory { get; init; }

    /// <summary>The account to run as; null keeps this process' own.</summary>
    public UnixUser? User { get; init; }

    /// <summary>What the kernel sends to the child when this process dies; null lets the child live on (a kept stack).</summary>
    public string? DeathSignal { get; init; } = "KILL";

    /// <summary>The signal that asks it to end in order.</summary>
    public Signal StopSignal { get; init; } = Signal.Terminate;

    internal IReadOnlyDictionary<string, string> FullEnvironment()
    {
        var variables = new Dictionary<string, string>();
        foreach (System.Collections.DictionaryEntry inherited in System.Environment.GetEnvironmentVariables())
        {
            var name = (string)inherited.Key;
            if (passedOn.Contains(name) || name.StartsWith("DOTNET_", StringComparison.Ordinal))
                variables[name] = (string?)inherited.Value ?? "";
        }
        foreach (var (name, value) in Environment)
            variables[name] = value;
        return variables;
    }
}

/// <summary>Numbers of POSIX signals on Linux.</summary>
public enum Signal
{
    Interrupt = 2,
    Quit = 3,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
