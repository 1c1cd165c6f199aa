using System.Globalization;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Work;

namespace Assay.Verifier.Verdicts;

/// <summary>The command <c>replay</c>: needs no chain, no database and no network.</summary>
public static class ReplayCommand
{
    public const string Name = "replay";

    private const string Help =
        """
        assay verifier replay FILE [--chain-id N] [--escrow 0x…] [--evidence 0x…]

        Recomputes a case from its evidence bundle alone: every signature, the sampling, the draws, the seals, the comparison and the verdict.
          FILE         canonical JSON as served by /evidence/JOB
          --chain-id   the chain it must be about
          --escrow     the contract it must be about
          --evidence   the SHA-256 that the chain's VerdictReached names
        Exit code 0: everything equal. 1: different; the last line says what. 2: not readable.

        """;

    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        if (args.Contains("--help") || args.Contains("-h"))
        {
            output.Write(Help);
            return 0;
        }
        try
        {
            var (file, expected) = Parse(args);
            var lines = Replay.Run(Read(file), expected);
            foreach (var line in lines)
                output.WriteLine($"{(line.Difference is not null ? "DIFFERENT" : line.Checked ? "equal    " : "note     ")} {line.What}{(line.Difference is null ? "" : ": " + line.Difference)}");
            return lines.Any(line => line.Difference is not null) ? 1 : 0;
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"replay: {e.Message}");
            return 2;
        }
    }

    private static byte[] Read(string file)
    {
        var length = new FileInfo(file).Length;
        return length <= CanonicalJson.MaxBytes
            ? File.ReadAllBytes(file)
            : throw new FormatException($"{file} has {length} bytes, an evidence bundle at most {CanonicalJson.MaxBytes}.");
    }

    private static (string File, ReplayExpectation Expected) Parse(IReadOnlyList<string> args)
    {
        string? file = null;
        var expected = new ReplayExpectation();
        for (var i = 0; i < args.Count; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var n, var v] ? (n, v) : (args[i], null);
            string Value() => value ?? (++i < args.Count ? args[i] : throw new FormatException($"{name} needs a value."));
            switch (name)
            {
                case "--chain-id":
                    expected = expected with
                    {
                        ChainId = ulong.TryParse(Value(), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                            ? id
                            : throw new FormatException("--chain-id: expected a number."),
                    };
                    break;
                case "--escrow":
                    expected = expected with { Escrow = Address.Parse(Value()) };
                    break;
                case "--evidence":
                    expected = expected with { Evidence = Bytes32.Parse(Value()) };
                    break;
                default:
                    file = file is null && !name.StartsWith('-') ? args[i] : throw new FormatException($"Unexpected '{args[i]}'; see --help.");
                    break;
            }
        }
        return (file ?? throw new FormatException("Expected the file of an evidence bundle; see --help."), expected);
    }
}
