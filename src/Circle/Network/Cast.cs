using Assay.Ethereum.Wallets;

namespace Assay.Circle.Network;

/// <summary>Everybody's keys on a local chain, all from one mnemonic; an operator's owner, hot key and payout address differ.</summary>
public sealed class Cast(string mnemonic, int operators, int clients)
{
    private const int FirstClient = 10, FirstOwner = 100, FirstSigner = 1_000, FirstPayout = 2_000;

    private readonly HdWallet wallet = HdWallet.FromMnemonic(mnemonic);

    public int OperatorCount => operators;
    public int ClientCount => clients;

    public LocalSigner Deployer => wallet.GetAccount(0);
    public LocalSigner Relayer => wallet.GetAccount(1);
    /// <summary>Signs what the content store holds.</summary>
    public LocalSigner Store => wallet.GetAccount(2);
    public LocalSigner Client(int index) => wallet.GetAccount(FirstClient + index);
    public LocalSigner Owner(int index) => wallet.GetAccount(FirstOwner + index);
    public LocalSigner Signer(int index) => wallet.GetAccount(FirstSigner + index);
    public LocalSigner Payout(int index) => wallet.GetAccount(FirstPayout + index);

    /// <summary>Who sends transactions and so needs the chain's coin. Clients, payout addresses and hot keys never do.</summary>
    public IEnumerable<LocalSigner> Senders() =>
    [
        Deployer, Relayer,
        .. Enumerable.Range(0, operators).Select(Owner),
    ];
}
