using Microsoft.CodeAnalysis;

namespace Assay.Ethereum.Generator;

/// <summary>The C# of one contract class.</summary>
internal sealed class ContractCode(AbiJson abi, INamedTypeSymbol contract, Shapes shapes)
{
    private readonly string _name = contract.Name;
    private readonly string _access = contract.DeclaredAccessibility == Accessibility.Public ? "public" : "internal";

    /// <summary>Records of the structs and of functions with several results, by name.</summary>
    public Dictionary<string, string> Records { get; } = [];

    public string Contract()
    {
        var code = new Code();
        code.Line($"partial class {_name}(Contract contract)");
        code.Block(() =>
        {
            Frame(code);
            var functions = abi.Items.Where(i => i.Kind == "function").ToList();
            foreach (var (function, name) in functions.Zip(Names.Distinct([.. functions.Select(f => Names.Pascal(f.Name))]), (f, n) => (f, n)))
                Function(code, function, name);
            Nested(code, "Events", [.. abi.Items.Where(i => i.Kind == "event" && !i.Anonymous)], Event);
            Nested(code, "Errors", [.. abi.Items.Where(i => i.Kind == "error")], Error);
        });
        AddStructs();
        return code.ToString();
    }

    private void Frame(Code code)
    {
        code.Line($"public {_name}(Web3 web3, Address address) : this(web3.GetContract(Abi, address)) {{ }}");
        code.Line();
        code.Line($"public static ContractAbi Abi {{ get; }} = ContractAbi.Parse({Literal($"[{string.Join(",", abi.Items.Select(i => i.ToJson()))}]")});");
        code.Line();
        code.Line("/// <summary>The same contract for calls by name.</summary>");
        code.Line("public Contract Contract { get; } = contract;");
        code.Line();
        code.Line("public Address Address => Contract.Address;");
        if (abi.CreationCode is not null)
            Deployment(code, abi.CreationCode);
    }

    private void Deployment(Code code, string creationCode)
    {
        var (inputs, parameters, shapesOf) = Parameters(abi.Items.FirstOrDefault(i => i.Kind == "constructor")?.Inputs ?? []);
        code.Line();
        code.Line("/// <summary>Code that creates the contract, without the constructor's arguments.</summary>");
        code.Line($"public static byte[] CreationCode => Convert.FromHexString(\"{creationCode}\"u8);");
        code.Line();
        code.Line("/// <summary>The encoded arguments of the constructor.</summary>");
        code.Line($"public static byte[] EncodeConstructor({string.Join(", ", parameters)})");
        code.Block(() => Encode(code, $"new AbiWriter({shapesOf.Sum(s => s.HeadSize)})", inputs, shapesOf));
        code.Line();
        code.Line("/// <summary>Creates the contract and waits for it.</summary>");
        code.Line("/// <exception cref=\"Assay.Ethereum.Transactions.TransactionRevertedException\">The constructor reverted.</exception>");
        code.Line($"public static async Task<{_name}> DeployAsync({string.Join(", ", ["Web3 web3", .. parameters, $"CancellationToken {Names.Free("cancellation", inputs)} = default"])}) =>");
        code.Line($"    new((await web3.DeployAsync(Abi, [.. CreationCode, .. EncodeConstructor({string.Join(", ", inputs)})], {Names.Free("cancellation", inputs)})).Contract);");
    }

    private void Function(Code code, AbiItem function, string name)
    {
        var (arguments, parameters, inputs) = Parameters(function.Inputs);
        var (block, wei, cancellation) = (Names.Free("block", arguments), Names.Free("wei", arguments), Names.Free("cancellation", arguments));
        var data = $"Encode{name}({string.Join(", ", arguments)})";
        code.Line();
        code.Line($"private static readonly uint _{name}Selector = ContractTypes.Selector(\"{function.Signature}\");");
        code.Line();
        code.Line($"/// <summary>Call data of <c>{function.Signature}</c>.</summary>");
        code.Line($"public static byte[] Encode{name}({string.Join(", ", parameters)})");
        code.Block(() => Encode(code, $"AbiWriter.WithSelector(_{name}Selector, {inputs.Sum(i => i.HeadSize)})", arguments, inputs));
        code.Line();
        if (function.Mutability is "view" or "pure")
        {
            var results = Results(function, name);
            code.Line($"/// <summary>Calls the view <c>{function.Signature}</c>, by default at the latest block.</summary>");
            code.Line("/// <exception cref=\"Assay.Ethereum.Transactions.TransactionRevertedException\">The call reverted.</exception>");
            string[] more = [$"Assay.Ethereum.JsonRpc.BlockTag? {block} = null", $"CancellationToken {cancellation} = default"];
            if (results is null)
            {
                code.Line($"public Task {name}Async({string.Join(", ", [.. parameters, .. more])}) => Contract.CallRawAsync({data}, {block}, {cancellation});");
                return;
            }
            code.Line($"public async Task<{results}> {name}Async({string.Join(", ", [.. parameters, .. more])}) =>");
            code.Line($"    Decode{name}(await Contract.CallRawAsync({data}, {block}, {cancellation}));");
            code.Line();
            code.Line($"/// <summary>The encoded results of <c>{function.Signature}</c>.</summary>");
            code.Line($"public static {results} Decode{name}(ReadOnlySpan<byte> data)");
            code.Block(() => Decode(code, "data", function.Outputs, results));
            return;
        }
        var payable = function.Mutability == "payable";
        code.Line($"/// <summary>Sends <c>{function.Signature}</c> from the signer's account{(payable ? ", with so much wei," : "")} and waits until it is mined with success.</summary>");
        code.Line("/// <exception cref=\"Assay.Ethereum.Transactions.TransactionRevertedException\">It reverted.</exception>");
        string[] rest = payable ? [$"global::System.Numerics.BigInteger {wei} = default", $"CancellationToken {cancellation} = default"] : [$"CancellationToken {cancellation} = default"];
        code.Line($"public Task<Assay.Ethereum.JsonRpc.Receipt> {name}Async({string.Join(", ", [.. parameters, .. rest])}) =>");
        code.Line($"    Contract.SendRawAsync({data}, {(payable ? wei : "default")}, {cancellation});");
    }

    /// <summary>The type of a function's results; null without any.</summary>
    private string? Results(AbiItem function, string name)
    {
        if (function.Outputs.Count <= 1)
            return function.Outputs.Count == 0 ? null : shapes.Of(function.Outputs[0]).CSharp;
        var record = shapes.NameFor(function.Name, $"{name}Result");
        Records[record] = Record(record, function.Outputs, null);
        return record;
    }

    private void Event(Code code, AbiItem item, string name)
    {
        var fields = item.Inputs.Select(shapes.OfEvent).ToList();
        var (members, topics) = (Names.Members(item.Inputs, name), 1 + item.Inputs.Count(i => i.Indexed));
        code.Line($"/// <summary><c>{item.Signature}</c></summary>");
        code.Line($"public sealed partial record {name}({Members(members, fields)}) : IContractEvent<{name}>");
        code.Block(() =>
        {
            code.Line($"public static Bytes32 Topic {{ get; }} = ContractTypes.Topic(\"{item.Signature}\");");
            code.Line($"public static int TopicCount => {topics};");
            code.Line();
            code.Line($"public static {name} Decode(ReadOnlySpan<byte> topics, ReadOnlySpan<byte> data)");
            code.Block(() =>
            {
                code.Line("ContractTypes.CheckTopics(topics, Topic, TopicCount);");
                var values = ReadEvent(code, item, "data", fields, (shape, at) => shape.Read(code, "_f", at), (shape, word) => shape.ReadFrom(word));
                code.Line($"return new {name}({string.Join(", ", values)});");
            });
            if (fields.All(f => f.View is not null))
                View(code, item, name, members, fields);
        });
    }

    private static void View(Code code, AbiItem item, string name, IReadOnlyList<string> members, IReadOnlyList<Shape> fields)
    {
        IReadOnlyList<string> arguments = [.. members.Select(m => $"_{m}")];
        code.Line();
        code.Line($"/// <summary>The same without allocations: bytes and strings (UTF-8) are the log's own, wide integers their words.</summary>");
        code.Line($"public readonly ref struct View({string.Join(", ", fields.Select((shape, i) => $"{shape.View} {arguments[i]}"))})");
        code.Block(() =>
        {
            for (var i = 0; i < fields.Count; i++)
                code.Line($"public {fields[i].View} {members[i]} {{ get; }} = {arguments[i]};");
            code.Line();
            code.Line("/// <summary>False when the log is another event's.</summary>");
            code.Line("/// <exception cref=\"AbiException\">The log's topics or data are not the event's encoding.</exception>");
            code.Line("public static bool TryRead(in Assay.Ethereum.JsonRpc.LogView log, out View view)");
            code.Block(() =>
            {
                code.Line("view = default;");
                code.Line("var topics = log.Topics;");
                code.Line($"if (!ContractTypes.HasTopics(topics, {name}.Topic, {name}.TopicCount)) return false;");
                var values = ReadEvent(code, item, "log.Data", fields, (shape, at) => shape.ReadView(code, "_f", at), (shape, word) => shape.ViewFrom(word));
                code.Line($"view = new View({string.Join(", ", values)});");
                code.Line("return true;");
            });
        });
    }

    private static List<string> ReadEvent(
        Code code, AbiItem item, string data, IReadOnlyList<Shape> fields, Func<Shape, string, string> fromData, Func<WordShape, string, string> fromTopic)
    {
        code.Line($"var _r = new AbiReader({data});");
        code.Line($"var _f = _r.Begin({fields.Where((_, i) => !item.Inputs[i].Indexed).Sum(f => f.HeadSize)});");
        var (at, topic) = (0, 1);
        var values = new List<string>();
        for (var i = 0; i < fields.Count; i++)
            if (item.Inputs[i].Indexed)
                values.Add(fromTopic((WordShape)fields[i], $"topics.Slice({32 * topic++}, 32)"));
            else
            {
                values.Add(fromData(fields[i], $"_f + {at}"));
                at += fields[i].HeadSize;
            }
        code.Line("_r.Finish();");
        return values;
    }

    private void Error(Code code, AbiItem item, string name)
    {
        var fields = item.Inputs.Select(shapes.Of).ToList();
        code.Line($"/// <summary><c>{item.Signature}</c></summary>");
        code.Line($"public sealed partial record {name}({Members(Names.Members(item.Inputs, name), fields)}) : IContractError<{name}>");
        code.Block(() =>
        {
            code.Line($"public static uint Selector {{ get; }} = ContractTypes.Selector(\"{item.Signature}\");");
            code.Line();
            code.Line($"public static {name} Decode(ReadOnlySpan<byte> arguments)");
            code.Block(() => Decode(code, "arguments", item.Inputs, name, always: true));
        });
    }

    private static void Nested(Code code, string name, IReadOnlyList<AbiItem> items, Action<Code, AbiItem, string> write)
    {
        if (items.Count == 0)
            return;
        code.Line();
        code.Line($"public static partial class {name}");
        code.Block(() =>
        {
            foreach (var (item, unique) in items.Zip(Names.Distinct([.. items.Select(i => Names.Pascal(i.Name))]), (i, n) => (i, n)))
                write(code, item, unique);
        });
    }

    private void AddStructs()
    {
        // Shapes of a struct's members may be structs that nothing else names.
        for (var open = shapes.Structs.Keys.ToList(); open.Count > 0; open = [.. shapes.Structs.Keys.Where(name => !Records.ContainsKey(name))])
            foreach (var name in open)
                Records[name] = Record(name, shapes.Structs[name].Components, shapes.Structs[name]);
    }

    /// <param name="name">Of the record.</param>
    /// <param name="fields">Members.</param>
    /// <param name="source">The struct; null for a function's results, which nothing writes or signs.</param>
    private string Record(string name, IReadOnlyList<AbiField> fields, AbiField? source)
    {
        var code = new Code();
        var (members, of) = (Names.Members(fields, name), fields.Select(shapes.Of).ToList());
        if (source is not null)
            code.Line($"[Eip712Type({Literal(Eip712.TypeOf(source))})]");
        code.Line($"{_access} sealed partial record {name}({Members(members, of)})");
        code.Block(() =>
        {
            if (source is not null)
            {
                code.Line("internal void Write(ref AbiWriter _w, int _f)");
                code.Block(() => WriteAll(code, members, of));
                code.Line();
            }
            code.Line($"internal static {name} Read(ref AbiReader _r, int _f)");
            code.Block(() => code.Line($"return new {name}({string.Join(", ", ReadAll(code, of))});"));
        });
        return code.ToString();
    }

    private static void Encode(Code code, string writer, IReadOnlyList<string> arguments, IReadOnlyList<Shape> inputs)
    {
        code.Line($"var _w = {writer};");
        code.Line($"var _f = _w.Begin({inputs.Sum(i => i.HeadSize)});");
        WriteAll(code, arguments, inputs);
        code.Line("return _w.Finish();");
    }

    private void Decode(Code code, string data, IReadOnlyList<AbiField> fields, string record, bool always = false)
    {
        var of = fields.Select(shapes.Of).ToList();
        code.Line($"var _r = new AbiReader({data});");
        code.Line($"var _f = _r.Begin({of.Sum(f => f.HeadSize)});");
        var values = ReadAll(code, of);
        code.Line("_r.Finish();");
        code.Line(always || fields.Count > 1 ? $"return new {record}({string.Join(", ", values)});" : $"return {values[0]};");
    }

    private static void WriteAll(Code code, IReadOnlyList<string> values, IReadOnlyList<Shape> of)
    {
        var at = 0;
        for (var i = 0; i < of.Count; i++)
        {
            of[i].Write(code, values[i], "_f", $"_f + {at}");
            at += of[i].HeadSize;
        }
    }

    private static List<string> ReadAll(Code code, IReadOnlyList<Shape> of)
    {
        var (values, at) = (new List<string>(), 0);
        foreach (var shape in of)
        {
            values.Add(shape.Read(code, "_f", $"_f + {at}"));
            at += shape.HeadSize;
        }
        return values;
    }

    private (IReadOnlyList<string> Names, IReadOnlyList<string> Declared, IReadOnlyList<Shape> Shapes) Parameters(IReadOnlyList<AbiField> fields)
    {
        IReadOnlyList<string> names = [.. Names.Arguments(fields).Select(Names.Escaped)];
        IReadOnlyList<Shape> of = [.. fields.Select(shapes.Of)];
        return (names, [.. of.Select((shape, i) => $"{shape.CSharp} {names[i]}")], of);
    }

    private static string Members(IReadOnlyList<string> names, IReadOnlyList<Shape> of) => string.Join(", ", of.Select((shape, i) => $"{shape.CSharp} {names[i]}"));

    private static string Literal(string text) => $"@\"{text.Replace("\"", "\"\"")}\"";
}
