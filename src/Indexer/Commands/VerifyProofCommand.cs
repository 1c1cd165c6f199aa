using System.Text.Json;
using Assay.Ethereum.Primitives;
using Assay.Hosting;
using Assay.Indexer.Proofs;

namespace Assay.Indexer.Commands;

/// <summary>Checks a proof that some indexer gave against a header's hash from elsewhere; needs no setting, node or database.</summary>
internal static class VerifyProofCommand
{
    private const string Help =
        """
        verify-proof FILE --header=HASH
        FILE is the answer of /proofs/..., HASH the hash of that block's header from a node or a list that you trust.
        Exit codes: 0 the proof holds, 1 it does not, 2 not readable.

        """;

    public static int Run(IReadOnlyList<string> args, TextWriter output, TextWriter error)
    {
        const string Option = "--header=";
        if (args is not [var file, var header] || !header.StartsWith(Option, StringComparison.Ordinal) || !Bytes32.TryParse(header[Option.Length..], out var trusted))
        {
            (args.Contains("--help") ? output : error).Write(Help);
            return args.Contains("--help") ? 0 : 2;
        }
        try
        {
            var proof = JsonSerializer.Deserialize<InclusionProof>(File.ReadAllText(file), Json) ?? throw new JsonException("no proof");
            foreach (var line in proof.Verify(trusted))
                output.WriteLine(line);
            return 0;
        }
        catch (ProofException e)
        {
            error.WriteLine($"verify-proof: {e.Message}");
            return 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            error.WriteLine($"verify-proof: {e.Message}");
            return 2;
        }
    }

    // The claim that a proof does not make is left out of it.
    private static readonly JsonSerializerOptions Json = new(AssayJson.Options) { RespectRequiredConstructorParameters = false };
}
