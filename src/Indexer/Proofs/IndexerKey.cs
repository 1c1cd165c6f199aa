using Assay.Ethereum.Crypto;
using Assay.Hosting;
using Assay.Hosting.Options;

namespace Assay.Indexer.Proofs;

/// <summary>The key that puts this indexer's name to its digests; it holds no money and may do nothing on the chain. Null where none is configured.</summary>
public sealed record IndexerKey(ISigner? Signer)
{
    /// <exception cref="StartRefusedException">A file is missing or unreadable, or the password is wrong.</exception>
    public static IndexerKey Read(SigningOptions options) =>
        new(options.Keystore == "" ? null : KeyFile.Read(options.Keystore, options.PasswordFile, "Signing:Keystore"));
}
