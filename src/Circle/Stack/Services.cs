namespace Assay.Circle.Stack;

/// <summary>The three services that own a schema and an account of the broker, by the name of both.</summary>
public static class Services
{
    public const string Indexer = "indexer", Verifier = "verifier", Settlement = "settlement";

    public static IReadOnlyList<string> All { get; } = [Indexer, Verifier, Settlement];
}
