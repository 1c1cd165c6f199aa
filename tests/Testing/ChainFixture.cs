using Assay.Circle.Stack;

namespace Assay.Testing;

/// <summary>A development chain for one test class. It mines each transaction at once, and its accounts are Foundry's published ones.</summary>
public class ChainFixture : IAsyncLifetime
{
    private RunFolder folder = null!;

    /// <summary>Accounts for the people and the operators of a case with two rounds.</summary>
    protected virtual AnvilOptions Options => new() { Accounts = 16 };

    public AnvilChain Chain { get; private set; } = null!;

    public Uri RpcUrl => Chain.RpcUrl;

    public long ChainId => Chain.ChainId;

    public string Mnemonic => Chain.Mnemonic;

    public async Task InitializeAsync()
    {
        var checkout = Checkout.Find();
        folder = RunFolder.Create(checkout);
        Chain = await AnvilChain.StartAsync(checkout, folder, Options);
    }

    public async Task DisposeAsync()
    {
        await Chain.DisposeAsync();
        folder.Dispose();
    }
}
