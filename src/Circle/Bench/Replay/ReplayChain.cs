using System.Globalization;
using System.Numerics;
using System.Text;
using Assay.Ethereum.Crypto;
using Assay.Ethereum.Encoding;
using Assay.Ethereum.Primitives;

namespace Assay.Circle.Bench.Replay;

/// <summary>
/// A chain of any length that exists only as answers: one contract with three events, the same number of logs in every block. A block's logs are
/// one of a few prepared texts with number, hash and transactions filled in; headers are whole, with their true hash and bloom. The same seed gives the same chain.
/// </summary>
public sealed class ReplayChain
{
    /// <summary>Numbers of six digits throughout: every block's text has the same length.</summary>
    public const ulong FirstBlock = 0x100000;

    public const long ChainId = 777;

    private const int Templates = 64;

    public static readonly Address Contract = Address.Parse("0x00000000000000000000000000000000000a55a7");

    public static string AbiText =>
        """
        [{"type":"event","name":"Transfer","inputs":[{"name":"from","type":"address","indexed":true},{"name":"to","type":"address","indexed":true},{"name":"value","type":"uint256"}]},
         {"type":"event","name":"Approval","inputs":[{"name":"owner","type":"address","indexed":true},{"name":"spender","type":"address","indexed":true},{"name":"value","type":"uint256"}]},
         {"type":"event","name":"Filled","inputs":[{"name":"order","type":"bytes32","indexed":true},{"name":"maker","type":"address","indexed":true},{"name":"amount","type":"uint128"},{"name":"at","type":"uint64"},{"name":"last","type":"bool"}]}]
        """;

    private static readonly ContractAbi Abi = ContractAbi.Parse(AbiText);

    private readonly Template[] _templates;
    private readonly Bytes32[] _hashes;
    private readonly Dictionary<Bytes32, ulong> _numbers;

    public ReplayChain(int seed, int blocks, int logsPerBlock)
    {
        var random = new Random(seed);
        (Blocks, LogsPerBlock) = (blocks, logsPerBlock);
        _templates = [.. Enumerable.Range(0, Templates).Select(_ => Template.Create(random, logsPerBlock))];
        _hashes = new Bytes32[blocks];
        for (var i = 0; i < blocks; i++)
            _hashes[i] = Keccak256.Hash(Rlp.EncodeList(Header(i).Select(field => field.Item).ToArray()));
        _numbers = _hashes.Index().ToDictionary(pair => pair.Item, pair => FirstBlock + (ulong)pair.Index);
    }

    public int Blocks { get; }
    public int LogsPerBlock { get; }
    public ulong Head => FirstBlock + (ulong)Blocks - 1;

    /// <summary>Rows by event that an index of the whole chain has.</summary>
    public IReadOnlyDictionary<string, long> Rows => Abi.Events.Select((e, i) => (e.Name, Count: Enumerable.Range(0, LogsPerBlock).LongCount(log => log % 3 == i) * Blocks))
        .ToDictionary(pair => pair.Name, pair => pair.Count);

    /// <summary>Sum of the values of all transfers.</summary>
    public BigInteger Transferred => Enumerable.Range(0, Blocks).Aggregate(BigInteger.Zero, (sum, i) => sum + _templates[i % Templates].Transferred);

    /// <summary>Bytes that <see cref="WriteLogs"/> will need.</summary>
    public int LogsLength(ulong from, ulong to) => Enumerable.Range((int)(from - FirstBlock), (int)(to - from) + 1).Sum(i => _templates[i % Templates].Text.Length + 1);

    /// <summary>All logs of a range as the elements of a JSON array.</summary>
    /// <returns>Bytes written.</returns>
    public int WriteLogs(ulong from, ulong to, Span<byte> output)
    {
        var written = 0;
        Span<byte> number = stackalloc byte[6], hash = stackalloc byte[64];
        for (var block = from; block <= to; block++)
        {
            var template = _templates[(int)(block - FirstBlock) % Templates];
            var text = output[written..];
            if (template.Text.Length == 0)
                continue;
            if (written > 0)
            {
                text[0] = (byte)',';
                text = text[1..];
                written++;
            }
            template.Text.CopyTo(text);
            Encoding.ASCII.GetBytes(block.ToString("x6", CultureInfo.InvariantCulture), number);
            Encoding.ASCII.GetBytes(HashOf(block).ToString().AsSpan(2), hash);
            foreach (var (ofNumber, ofHash, ofTransaction) in template.Gaps)
            {
                number.CopyTo(text[ofNumber..]);
                hash.CopyTo(text[ofHash..]);
                number.CopyTo(text[ofTransaction..]);
            }
            written += template.Text.Length;
        }
        return written;
    }

    /// <summary>A header as JSON; <c>null</c> where there is no such block.</summary>
    public string HeaderJson(ulong block)
    {
        if (block < FirstBlock || block > Head)
            return "null";
        var fields = Header((int)(block - FirstBlock)).Select(field => $"\"{field.Name}\":\"{field.Json}\"");
        return $"{{\"hash\":\"{HashOf(block)}\",{string.Join(',', fields)},\"size\":\"0x400\",\"uncles\":[],\"transactions\":[]}}";
    }

    /// <exception cref="KeyNotFoundException">No block has that hash.</exception>
    public ulong NumberOf(string hash) => _numbers[Bytes32.Parse(hash)];

    private Bytes32 HashOf(ulong block) => _hashes[(int)(block - FirstBlock)];

    // In the order in which the hash takes them.
    private IEnumerable<(string Name, RlpItem Item, string Json)> Header(int place)
    {
        var template = _templates[place % Templates];
        yield return Hash("parentHash", place == 0 ? Bytes32.Zero : _hashes[place - 1]);
        yield return Hash("sha3Uncles", Keccak256.Hash([0xc0]));
        yield return ("miner", RlpItem.Of(Contract), Contract.ToLowerString());
        yield return Hash("stateRoot", Keccak256.Hash("state"));
        yield return Hash("transactionsRoot", Keccak256.Hash("transactions"));
        yield return Hash("receiptsRoot", Keccak256.Hash("receipts"));
        yield return ("logsBloom", RlpItem.Of(template.Bloom), Hex.Encode(template.Bloom));
        yield return Number("difficulty", 0);
        yield return Number("number", FirstBlock + (ulong)place);
        yield return Number("gasLimit", 30_000_000);
        yield return Number("gasUsed", 30_000 * (ulong)LogsPerBlock);
        yield return Number("timestamp", 1_700_000_000 + 12 * (ulong)place);
        yield return ("extraData", RlpItem.Of([]), "0x");
        yield return Hash("mixHash", Bytes32.Zero);
        yield return ("nonce", RlpItem.Of(new byte[8]), Hex.Encode(new byte[8]));
        yield return Number("baseFeePerGas", 7);

        static (string, RlpItem, string) Hash(string name, Bytes32 value) => (name, RlpItem.Of(value), value.ToString());
        static (string, RlpItem, string) Number(string name, ulong value) => (name, RlpItem.Of(value), Hex.Quantity(value));
    }

    /// <summary>One block's logs: the text, and for each log where number, hash and transaction go.</summary>
    private sealed record Template(byte[] Text, (int Number, int Hash, int Transaction)[] Gaps, byte[] Bloom, BigInteger Transferred)
    {
        public static Template Create(Random random, int logs)
        {
            var (text, gaps, bloom, transferred) = (new StringBuilder(), new List<(int, int, int)>(), new byte[256], BigInteger.Zero);
            for (var i = 0; i < logs; i++)
            {
                var e = Abi.Events[i % 3];
                var value = new BigInteger(random.NextInt64()) * random.NextInt64();
                var data = i % 3 == 2 ? AbiCodec.Encode([.. e.Inputs.Where(input => !input.Indexed)], (BigInteger)random.NextInt64(), 1_700_000_000UL, random.Next(2) == 0)
                    : Bytes32.FromBigInteger(value).ToArray();
                Bytes32[] topics = [e.Topic, i % 3 == 2 ? Bytes32.FromBigInteger(value) : Word(random), Word(random)];
                if (i % 3 == 0)
                    transferred += value;
                AddTo(bloom, Contract.ToArray());
                foreach (var topic in topics)
                    AddTo(bloom, topic.ToArray());

                text.Append(i == 0 ? "{" : ",{")
                    .Append(CultureInfo.InvariantCulture, $"\"address\":\"{Contract.ToLowerString()}\",\"topics\":[\"{string.Join("\",\"", topics)}\"],\"data\":\"{Hex.Encode(data)}\",\"blockHash\":\"0x");
                var hash = text.Length;
                text.Append('0', 64).Append("\",\"blockNumber\":\"0x");
                var number = text.Length;
                text.Append('0', 6).Append(CultureInfo.InvariantCulture, $"\",\"blockTimestamp\":\"0x6553f100\",\"transactionHash\":\"{Keccak256.Hash($"transaction {i}").ToString()[..60]}");
                var transaction = text.Length;
                text.Append('0', 6).Append(CultureInfo.InvariantCulture, $"\",\"transactionIndex\":\"{Hex.Quantity((ulong)i)}\",\"logIndex\":\"{Hex.Quantity((ulong)i)}\",\"removed\":false}}");
                gaps.Add((number, hash, transaction));
            }
            return new Template(Encoding.ASCII.GetBytes(text.ToString()), [.. gaps], bloom, transferred);
        }

        // One of a thousand accounts.
        private static Bytes32 Word(Random random)
        {
            var word = Keccak256.Hash($"account {random.Next(1000)}").ToArray();
            word.AsSpan(0, 12).Clear();
            return new Bytes32(word);
        }

        // Yellow Paper, 4.3.1: three bits, each from two bytes of the hash.
        private static void AddTo(byte[] bloom, byte[] value)
        {
            var hash = Keccak256.Hash(value).ToArray();
            for (var i = 0; i < 6; i += 2)
            {
                var bit = ((hash[i] << 8) | hash[i + 1]) & 2047;
                bloom[255 - bit / 8] |= (byte)(1 << (bit % 8));
            }
        }
    }
}
