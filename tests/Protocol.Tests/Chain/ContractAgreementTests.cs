using System.Text.RegularExpressions;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;

namespace Assay.Protocol.Tests.Chain;

/// <summary>One vocabulary: what the contract says and what the records say is the same.</summary>
public class ContractAgreementTests
{
    private static readonly string Interface = string.Concat(
        Directory.GetFiles(Path.Combine(Checkout(), "contracts/interfaces"), "*.sol").Order().Select(File.ReadAllText));

    [Theory]
    [InlineData("State", typeof(JobState))]
    [InlineData("Outcome", typeof(Outcome))]
    [InlineData("Randomness", typeof(Randomness))]
    [InlineData("Comparison", typeof(Comparison))]
    [InlineData("Finding", typeof(Finding))]
    [InlineData("Verdict", typeof(Verdict))]
    [InlineData("Book", typeof(Book))]
    [InlineData("Reason", typeof(Reason))]
    [InlineData("Skip", typeof(Skip))]
    [InlineData("Action", typeof(ItemAction))]
    public void An_enumeration_lists_the_contracts_names_in_its_order(string name, Type ours)
    {
        var body = Regex.Match(Interface, $@"enum {name} \{{(?<names>[^}}]*)\}}").Groups["names"].Value;
        var names = Regex.Replace(body, @"//.*", "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(names, Enum.GetNames(ours));
    }

    [Fact]
    public void Every_event_of_the_contract_has_its_record_and_every_record_its_event() =>
        Assert.Equal(EscrowAbi.Events.Select(e => e.Name).Order(), ChainEvents.Types.Keys.Order());

    [Fact]
    public void A_record_has_exactly_the_fields_of_its_event()
    {
        foreach (var e in EscrowAbi.Events)
        {
            var fields = ChainEvents.Types[e.Name].GetConstructors()
                .Single(c => c.GetParameters().Any(p => p.Name == "At")).GetParameters().Select(p => p.Name!).Skip(1);
            var ours = fields.Select(f => char.ToLowerInvariant(f[0]) + f[1..]).ToList();
            var words = e.Inputs.Where(i => Packed.ContainsKey(i.Name)).ToList();
            if (words.Count == 0) Assert.Equal(e.Inputs.Select(i => i.Name), ours);
            // Of what is packed the record has what it needs; a block's time it has already.
            else Assert.Equal(e.Inputs.Except(words).Select(i => i.Name).Order(), ours.Except(words.SelectMany(w => Packed[w.Name])).Order());
        }
    }

    [Fact]
    public void A_signed_document_has_the_fields_of_the_contracts_struct()
    {
        var open = EscrowAbi.Instance.Function("open").Inputs[0].Type.Element!.Components;
        AssertFields<Order>(open.Single(c => c.Name == "order"));
        AssertFields<Acceptance>(EscrowAbi.Instance.Function("hashAcceptance").Inputs[0]);
        AssertFields<Result>(EscrowAbi.Instance.Function("submit").Inputs[0].Type.Element!.Components.Single(c => c.Name == "result"));
        AssertFields<Attestation>(EscrowAbi.Instance.Function("hashAttestation").Inputs[0]);
        AssertFields<SeatCommitment>(EscrowAbi.Instance.Function("commitSeats").Inputs[0].Type.Element!.Components.Single(c => c.Name == "commitment"));
    }

    [Theory]
    [InlineData("open", typeof(OpenItem))]
    [InlineData("submit", typeof(SubmitItem))]
    [InlineData("release", typeof(ReleaseItem))]
    [InlineData("expire", typeof(JobItem))]
    [InlineData("slash", typeof(JobItem))]
    [InlineData("lapse", typeof(JobItem))]
    [InlineData("commitSeats", typeof(CommitItem))]
    public void An_item_has_exactly_the_fields_of_the_contracts_struct(string function, Type item) =>
        Assert.Equal(FieldsOf(EscrowAbi.Instance.Function(function).Inputs[0].Type.Element!), FieldsOf(item));

    [Theory]
    [InlineData("parameters", typeof(EscrowParameters))]
    [InlineData("operatorOf", typeof(OperatorAccount))]
    public void A_view_has_exactly_the_fields_of_the_contracts_struct(string function, Type view) =>
        Assert.Equal(FieldsOf(EscrowAbi.Instance.Function(function).Outputs[0].Type), FieldsOf(view));

    [Fact]
    public void A_job_has_the_numbers_of_the_contracts_record_and_encodes_as_it()
    {
        var record = EscrowAbi.Instance.Function("isRecord").Inputs[1].Type;
        var numbers = FieldsOf(record).SelectMany(name => Packed.TryGetValue(name, out var parts) ? parts : [name]);
        Assert.Equal(numbers.Order(), FieldsOf(typeof(Job)).Order());

        var one = new Address(Enumerable.Repeat((byte)1, 20).ToArray());
        var job = new Job(one, Address.Zero, one, one, Address.Zero, Comparison.Tolerance, 2, 3, 4, 5, 6, 7, 8, 9, true, 10, 11, Bytes32.Zero);
        var words = (AbiValues)AbiCodec.Decode([new AbiParameter("job", record)], AbiCodec.Encode(record, job))[0];
        Assert.Equal(
            "bound=True,comparison=1,course,epoch=11,fee=4,maxPrice=3,openedAt=6,ratePpm=7,rosterLength=8,runWindow=5,submittedAt=10,terms,unitPrice=2,version=9",
            string.Join(",", RecordWords.In(words).Select(n => $"{n.Name}={n.Value}").Concat(Packed.Keys).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void What_an_opening_and_a_result_pack_is_unpacked_into_their_records()
    {
        var word = Bytes32.Parse("0x" + new string('1', 64));
        var one = new Address(Enumerable.Repeat((byte)1, 20).ToArray());
        var at = new ChainPosition(1, 2, word, 3, word, 4);
        var job = new Job(Address.Zero, one, Address.Zero, Address.Zero, one, Comparison.Tolerance, 2, 3, 4, 5, 3, 7, 8, 9, true, 3, 11, word);

        var bound = (JobBound)Bound("JobBound", word, one, 7, one);
        var opened = (JobOpened)Bound("JobOpened", word, job.Client, job.Operator, job.NodeKey, word, word, 12, job.Terms, job.Course);
        var submitted = (ResultSubmitted)Bound("ResultSubmitted", word, job.Operator, word, word, job.Course);

        Assert.Equal(job, Job.Of(opened, bound, submitted));

        IChainEvent Bound(string name, params object[] values)
        {
            var inputs = EscrowAbi.Instance.Event(name).Inputs;
            return ChainEvents.Bind(name, AbiCodec.Decode([.. inputs], AbiCodec.Encode([.. inputs], values)), at);
        }
    }

    [Fact]
    public void A_number_beyond_its_part_of_a_word_is_refused()
    {
        var job = new Job(
            Address.Zero, Address.Zero, Address.Zero, Address.Zero, Address.Zero, Comparison.Exact, 0, 0, 0, 0, 0, 1 << 24, 1 << 24, 1, false, 0, 0, Bytes32.Zero);

        Assert.Throws<AbiException>(() => job.Terms);
        Assert.Throws<AbiException>(() => job.Course);
    }

    [Fact]
    public void An_event_binds_to_its_record_with_amounts_enumerations_and_words()
    {
        var word = Bytes32.Parse("0x" + new string('1', 64));
        var at = new ChainPosition(1, 2, word, 3, word, 4);
        var abi = EscrowAbi.Instance.Event("LedgerMoved");
        var data = AbiCodec.Encode([.. abi.Inputs], word, Address.Zero, Book.Bond, Reason.Slash, -5, 7);

        var moved = (LedgerMoved)ChainEvents.Bind("LedgerMoved", AbiCodec.Decode([.. abi.Inputs], data), at);

        Assert.Equal(new LedgerMoved(at, word, Address.Zero, Book.Bond, Reason.Slash, -5, 7), moved);
    }

    [Fact]
    public void Messages_keep_their_namespace_because_it_is_part_of_the_wire() =>
        Assert.All(ChainEvents.Types.Values.Append(typeof(OrderReceived)), t => Assert.Equal("Assay.Protocol.Messages", t.Namespace));

    private static readonly Dictionary<string, IEnumerable<string>> Packed = new()
    {
        ["terms"] = RecordWords.Terms.Select(n => n.Name),
        ["course"] = RecordWords.Course.Select(n => n.Name),
    };

    private static void AssertFields<T>(AbiParameter parameter) =>
        Assert.Equal(
            parameter.Type.Components.Select(c => (c.Name, c.Type.Name)),
            Eip712Struct.Of<T>().Fields.Select(f => (f.Name, f.Type)));

    private static IEnumerable<string> FieldsOf(AbiType tuple) => tuple.Components.Select(c => c.Name);

    private static IEnumerable<string> FieldsOf(Type record) => record.GetConstructors()
        .Single(c => c.GetParameters().Length > 1).GetParameters().Select(p => char.ToLowerInvariant(p.Name![0]) + p.Name[1..]);

    internal static string Checkout()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Settlement.sln"))) return folder;
        throw new InvalidOperationException("Run inside a checkout.");
    }
}
