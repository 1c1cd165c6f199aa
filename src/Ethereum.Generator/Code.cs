using System.Text;

namespace Assay.Ethereum.Generator;

/// <summary>C# text with indentation.</summary>
internal sealed class Code
{
    private readonly StringBuilder _text = new();
    private int _depth;
    private int _names;

    public void Line(string text = "") => _text.Append(' ', text.Length > 0 ? 4 * _depth : 0).Append(text).Append('\n');

    public void Block(Action inner, string end = "}")
    {
        Line("{");
        _depth++;
        inner();
        _depth--;
        Line(end);
    }

    /// <summary>A name that nothing of the contract's has, as those do not start with an underscore.</summary>
    public string Name() => $"_{_names++}";

    public override string ToString() => _text.ToString();
}
