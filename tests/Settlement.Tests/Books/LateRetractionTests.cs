using Assay.Protocol.Messages;
using Assay.Settlement.Tests.World;
using Assay.Testing;

namespace Assay.Settlement.Tests.Books;

/// <summary>A retraction that comes after the progress which made its blocks look final.</summary>
public sealed class LateRetractionTests(PostgresFixture postgres, ChainFixture chain) : IClassFixture<PostgresFixture>, IClassFixture<ChainFixture>, IAsyncLifetime
{
    private SettlementWorld world = null!;

    public async Task InitializeAsync() => world = await SettlementWorld.CreateAsync(postgres, chain);

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task A_job_whose_end_is_taken_back_is_followed_again_until_it_ends()
    {
        var job = await world.RunHonestJobAsync();
        await world.UntilClosedAsync(job);
        var release = world.Reader.Said.Select(s => s.Message).OfType<RewardReleased>().Single();
        await world.PublishAsync(new BlocksOrphaned(1_000_000, [release.At.BlockHash]));
        await world.UntilAsync(async () => await world.StatusAsync(job) is { Closed: false, State: "Submitted" }, "the job to be open again", reading: false);

        await world.PublishAsync(release with { At = release.At with { Sequence = 1_000_001 } });
        await world.UntilAsync(async () => await world.StatusAsync(job) is { Closed: true, State: "Released" }, "the job to be closed again", reading: false);
    }
}
