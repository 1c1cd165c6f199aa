namespace Assay.Ethereum.Generator;

/// <summary>A value as C# holds it, and how it goes into and comes out of the encoding.</summary>
internal abstract class Shape(string csharp, bool dynamic, int headSize)
{
    /// <summary>The C# type.</summary>
    public string CSharp { get; } = csharp;

    public bool Dynamic { get; } = dynamic;

    /// <summary>Bytes in the head: 32 for a dynamic value.</summary>
    public int HeadSize { get; } = dynamic ? 32 : headSize;

    /// <summary>Writes a value whose head is at <paramref name="at"/> of the frame.</summary>
    public void Write(Code code, string value, string frame, string at)
    {
        if (Dynamic)
            code.Line($"_w.Follow({frame}, {at});");
        WriteBody(code, value, at);
    }

    /// <summary>Reads it.</summary>
    /// <returns>An expression that reads nothing more.</returns>
    public string Read(Code code, string frame, string at)
    {
        if (Dynamic)
            code.Line($"_r.Follow({frame}, {at});");
        return ReadBody(code, at);
    }

    /// <summary>The C# type in a view, which allocates nothing; null where there is none.</summary>
    public virtual string? View => null;

    /// <summary>Reads it for a view.</summary>
    /// <returns>An expression that reads nothing more.</returns>
    public string ReadView(Code code, string frame, string at)
    {
        if (Dynamic)
            code.Line($"_r.Follow({frame}, {at});");
        var name = code.Name();
        code.Line($"var {name} = {ViewBody(at)};");
        return name;
    }

    protected virtual string ViewBody(string at) => throw new NotSupportedException(CSharp);

    protected abstract void WriteBody(Code code, string value, string at);

    protected abstract string ReadBody(Code code, string at);
}

/// <param name="write">Statement that writes value {0} into word {1}.</param>
/// <param name="read">Expression that reads word {0}.</param>
/// <param name="view">Type and expression of a view, where the value itself is an object.</param>
internal sealed class WordShape(string csharp, string write, string read, (string Type, string Read)? view = null) : Shape(csharp, false, 32)
{
    public override string? View => view?.Type ?? CSharp;

    public string ViewFrom(string word) => (view?.Read ?? read).Replace("{0}", word);

    protected override string ViewBody(string at) => ViewFrom($"_r.Word({at})");

    protected override void WriteBody(Code code, string value, string at) => code.Line($"{WriteTo(value, $"_w.Word({at})")};");

    // At once: what a value read later refuses must not come before what this one does.
    protected override string ReadBody(Code code, string at)
    {
        var name = code.Name();
        code.Line($"var {name} = {ReadFrom($"_r.Word({at})")};");
        return name;
    }

    public string ReadFrom(string word) => read.Replace("{0}", word);

    private string WriteTo(string value, string word) => write.Replace("{0}", value).Replace("{1}", word);
}

internal sealed class BytesShape() : Shape("byte[]", true, 32)
{
    public override string? View => "ReadOnlySpan<byte>";

    protected override string ViewBody(string at) => "_r.Bytes()";

    protected override void WriteBody(Code code, string value, string at) => code.Line($"_w.AppendBytes({value});");

    protected override string ReadBody(Code code, string at)
    {
        var name = code.Name();
        code.Line($"var {name} = _r.Bytes().ToArray();");
        return name;
    }
}

internal sealed class StringShape() : Shape("string", true, 32)
{
    public override string? View => "ReadOnlySpan<byte>";

    protected override string ViewBody(string at) => "_r.Utf8()";

    protected override void WriteBody(Code code, string value, string at) => code.Line($"_w.AppendString({value});");

    protected override string ReadBody(Code code, string at)
    {
        var name = code.Name();
        code.Line($"var {name} = _r.String();");
        return name;
    }
}

/// <param name="csharp">The record's name.</param>
internal sealed class StructShape(string csharp, bool dynamic, int size) : Shape(csharp, dynamic, size)
{
    private readonly int _size = size;

    protected override void WriteBody(Code code, string value, string at) => code.Line($"{value}.Write(ref _w, {(Dynamic ? $"_w.Begin({_size})" : at)});");

    protected override string ReadBody(Code code, string at)
    {
        var name = code.Name();
        code.Line($"var {name} = {CSharp}.Read(ref _r, {(Dynamic ? $"_r.Begin({_size})" : at)});");
        return name;
    }
}

internal sealed class ArrayShape(Shape element, int? length)
    : Shape($"global::System.Collections.Generic.IReadOnlyList<{element.CSharp}>", length is null || element.Dynamic, (length ?? 0) * element.HeadSize)
{
    protected override void WriteBody(Code code, string value, string at)
    {
        if (length is null)
            code.Line($"_w.AppendLength({value}.Count);");
        else
            code.Line($"if ({value}.Count != {length}) throw new AbiException($\"ABI: expected {length} elements, actual {{{value}.Count}}.\");");
        var (frame, i) = (code.Name(), code.Name());
        code.Line($"var {frame} = {(Dynamic ? $"_w.Begin({value}.Count * {element.HeadSize})" : at)};");
        code.Line($"for (var {i} = 0; {i} < {value}.Count; {i}++)");
        code.Block(() =>
        {
            var item = code.Name();
            code.Line($"var {item} = {value}[{i}];");
            element.Write(code, item, frame, $"{frame} + {i} * {element.HeadSize}");
        });
    }

    protected override string ReadBody(Code code, string at)
    {
        var (count, frame, items, i) = (code.Name(), code.Name(), code.Name(), code.Name());
        code.Line($"var {count} = {(length is { } n ? $"{n}" : $"_r.Length({element.HeadSize})")};");
        code.Line($"var {frame} = {(Dynamic ? $"_r.Begin({count} * {element.HeadSize})" : at)};");
        code.Line($"var {items} = {NewArray(element.CSharp, count)};");
        code.Line($"for (var {i} = 0; {i} < {count}; {i}++)");
        code.Block(() => code.Line($"{items}[{i}] = {element.Read(code, frame, $"{frame} + {i} * {element.HeadSize}")};"));
        return items;
    }

    // The length goes into the first brackets, also of an array of arrays: new byte[n][].
    private static string NewArray(string element, string count)
    {
        var brackets = element.IndexOf('[');
        return brackets < 0 || element.EndsWith(">", StringComparison.Ordinal)
            ? $"new {element}[{count}]"
            : $"new {element.Substring(0, brackets)}[{count}]{element.Substring(brackets)}";
    }
}
