using System.Globalization;
using System.Text;
using Assay.Ethereum.Primitives;

namespace Assay.NodeAgent;

/// <summary>One line per event: time, operator, event, then key=value. What strangers sent cannot break a line.</summary>
public sealed class NodeLog(TextWriter writer, TimeProvider time)
{
    private const int MaxValue = 300;
    private readonly Lock _gate = new();

    public void Write(Address @operator, string what, params ReadOnlySpan<(string Key, object? Value)> details)
    {
        var line = new StringBuilder(time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))
            .Append(' ').Append(@operator).Append(' ').Append(what);
        foreach (var (key, value) in details)
            line.Append(' ').Append(key).Append('=').Append(Clean(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", MaxValue));
        lock (_gate) writer.WriteLine(line);
    }

    internal static string Clean(string text, int most)
    {
        var clean = new string([.. text.Take(most).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return text.Length > most ? clean + "…" : clean;
    }
}
