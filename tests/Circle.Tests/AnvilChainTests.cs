using Assay.Circle.Stack;
using Assay.Testing;

namespace Assay.Circle.Tests;

public sealed class AnvilChainTests(ChainFixture fixture) : IClassFixture<ChainFixture>
{
    private readonly AnvilChain chain = fixture.Chain;

    [Fact]
    public async Task A_reorg_replaces_the_newest_blocks_and_keeps_the_height()
    {
        await chain.MineAsync(5);
        var height = await chain.BlockNumberAsync();
        var (below, replaced) = (await HashAsync(height - 2), await HashAsync(height - 1));

        await chain.ReorgAsync(2);

        Assert.Equal(height, await chain.BlockNumberAsync());
        Assert.Equal(below, await HashAsync(height - 2));
        Assert.NotEqual(replaced, await HashAsync(height - 1));
    }

    [Fact]
    public async Task The_clock_moves_forward_with_a_block()
    {
        var (time, height) = (await chain.TimeAsync(), await chain.BlockNumberAsync());

        await chain.IncreaseTimeAsync(TimeSpan.FromHours(1));

        Assert.InRange(await chain.TimeAsync(), time + 3600, time + 3700);
        Assert.Equal(height + 1, await chain.BlockNumberAsync());
    }

    [Fact]
    public async Task A_snapshot_brings_the_old_state_back()
    {
        var height = await chain.BlockNumberAsync();
        var snapshot = await chain.SnapshotAsync();
        await chain.MineAsync(3);

        await chain.RevertAsync(snapshot);

        Assert.Equal(height, await chain.BlockNumberAsync());
    }

    [Fact]
    public async Task An_error_of_the_chain_is_reported_with_the_method()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => chain.RpcAsync("no_such_method"));

        Assert.StartsWith("no_such_method: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chain_with_a_state_file_goes_on_after_a_restart()
    {
        var checkout = Checkout.Find();
        using var folder = RunFolder.Create(checkout);
        await using var lasting = await AnvilChain.StartAsync(checkout, folder, new AnvilOptions { StateFile = folder.File("state.json") });
        await lasting.MineAsync(7);
        await lasting.StopAsync();

        await lasting.RestartAsync();

        Assert.Equal(7, await lasting.BlockNumberAsync());
    }

    private async Task<string> HashAsync(long number) =>
        (await chain.RpcAsync("eth_getBlockByNumber", $"0x{number:x}", false)).GetProperty("hash").GetString()!;
}
