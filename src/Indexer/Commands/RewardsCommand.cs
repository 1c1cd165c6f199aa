using Assay.Hosting;
using Assay.Indexer.Rewards;

namespace Assay.Indexer.Commands;

internal static class RewardsCommand
{
    /// <summary>Prints the cumulative root after an epoch, from the tables alone.</summary>
    public static async Task<int> RunAsync(IndexerOptions options, IConfiguration configuration, ILoggerFactory logs)
    {
        if (!long.TryParse(configuration["Epoch"], out var epoch) || epoch < 0)
            throw new StartRefusedException("rewards needs --Epoch=N, unix time divided by Rewards:EpochSeconds.");
        if (options.Rewards.Budget == 0)
            throw new StartRefusedException("Rewards:Budget is 0: nobody is owed anything.");
        await using var database = new IndexerDatabase(options.Database.ConnectionString);
        await using var connection = await database.OpenAsync();
        Console.Write((await RewardRoot.OfAsync(connection, options.Rewards, epoch)).Write(options.Rewards));
        return 0;
    }
}
