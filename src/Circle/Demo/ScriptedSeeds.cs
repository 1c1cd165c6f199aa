using Assay.Circle.Network;
using Assay.Ethereum;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.JsonRpc;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Verifier.Redundancy;
using Assay.Verifier.Sampling;

namespace Assay.Circle.Demo;

/// <summary>Who is to check a job, and to sit in each round of its case.</summary>
public sealed record CastList(Func<Address, bool> Checks, Func<Address, bool> First, Func<Address, bool> Second);

/// <summary>Records the seeds of a deployment whose beacon is scripted: for every draw that is due one that draws whom the script wants, as anybody could who chose the seeds.</summary>
public sealed class ScriptedSeeds(RunningCircle circle)
{
    private readonly Web3 web3 = new(circle.Rpc, circle.Cast.Deployer);
    private readonly Dictionary<Bytes32, CastList> scripts = [];

    private Contract Escrow => web3.GetContract(EscrowAbi.Instance, circle.Deployment.Escrow);

    /// <summary>Events of the escrow in chain order.</summary>
    public async Task<IReadOnlyList<IChainEvent>> EventsAsync()
    {
        var events = new List<IChainEvent>();
        foreach (var log in await web3.Eth.GetLogsAsync(new LogFilter(circle.Deployment.Block, BlockTag.Latest, Addresses: [circle.Deployment.Escrow])))
        {
            var (decoded, header) = (EscrowAbi.Instance.DecodeLog(log), (await web3.Eth.GetBlockByHashAsync(log.BlockHash))!);
            events.Add(ChainEvents.Bind(decoded.Name, decoded.Values, new(0, log.BlockNumber, log.BlockHash, header.Timestamp, log.TransactionHash, (uint)log.LogIndex)));
        }
        return events;
    }

    public void Script(Bytes32 job, CastList cast) => scripts[job] = cast;

    /// <summary>Records the seed of every epoch that has ended and decides over a scripted job.</summary>
    public async Task RecordDueAsync()
    {
        var events = await EventsAsync();
        var seeds = events.OfType<SeedRecorded>().Select(s => s.Epoch).ToHashSet();
        var now = (ulong)await circle.Stack.Chain.TimeAsync();
        foreach (var (id, cast) in scripts)
        {
            var job = JobFold.Fold(id, events.OfType<IJobEvent>().Where(e => e.Job == id));
            if (Due(job, cast) is not { } due || !seeds.Add(due.Epoch) || now <= Sampling.LastSecond(due.Epoch, circle.Options.Terms.EpochSeconds)) continue;
            await Escrow.SendAsync("recordBeacon", due.Epoch, Find(job, Roster.Fold(events), due).ToArray());
        }
    }

    private sealed record DueDraw(ulong Epoch, int Count, Func<Address, bool> Wanted);

    private DueDraw? Due(JobOnChain job, CastList cast) => job.State switch
    {
        JobState.Submitted => new(Sampling.DecidingEpoch(job.Submitted!.Epoch), Draw.Attempts, cast.Checks),
        JobState.Accused or JobState.Appealed => new(
            Sampling.DecidingEpoch(job.RoundBegan!.Value.Epoch), circle.Options.Terms.Quorums.SizeOf(job.Round), job.Round == 1 ? cast.First : cast.Second),
        _ => null,
    };

    private Bytes32 Find(JobOnChain job, Roster roster, DueDraw due)
    {
        var windows = ChainWindows.Of(circle.Options.Terms);
        for (ulong n = 0; n < 1_000_000; n++)
        {
            var source = Words.Hash(Words.Of(n));
            var seed = Words.Hash(source, Words.Of(due.Epoch));
            var picks = job.State == JobState.Submitted ? Draws.SpotCheck(job, roster, seed, windows) : Draws.Case(job, roster, seed, windows, due.Count);
            if (picks?.Count == due.Count && picks.All(due.Wanted)) return source;
        }
        throw new InvalidOperationException($"No seed of epoch {due.Epoch} draws {due.Count} that the script wants.");
    }
}
