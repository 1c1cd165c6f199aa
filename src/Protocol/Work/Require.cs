namespace Assay.Protocol.Work;

/// <summary>Bounds of document fields; each refusal says expected and actual.</summary>
internal static class Require
{
    public static void Range(long value, long least, long most, string field)
    {
        if (value < least || value > most)
            throw new FormatException($"{field}: expected {least} to {most}, actual {value}.");
    }

    /// <summary>1 to 64 ASCII letters, digits, dots, dashes or underscores, not starting with a dot: safe as a file name.</summary>
    public static void Name(string value, string field)
    {
        if (!IsName(value))
            throw new FormatException($"{field}: expected 1 to 64 letters, digits, dots, dashes or underscores that start with no dot.");
    }

    public static bool IsName(string value) =>
        value.Length is >= 1 and <= 64 && value[0] != '.' && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <summary>Printable text that cannot break a log line or a page.</summary>
    public static void Text(string value, int most, string field)
    {
        if (value.Length > most || value.Any(char.IsControl))
            throw new FormatException($"{field}: expected at most {most} characters without control characters.");
    }
}
