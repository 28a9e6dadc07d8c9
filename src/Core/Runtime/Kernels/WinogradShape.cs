namespace BiT.Core.Runtime.Kernels;

/// <summary>Sizes of a convolution by tiles, and where its blocks of tiles and their products lie in memory.</summary>
internal sealed record WinogradShape(int Images, int Channels, int Height, int Width, int Outputs)
{
    /// <summary>Products of a tile of 2x2 results: 4x4.</summary>
    public const int Points = 16;

    /// <summary>Tiles of a block: two vectors.</summary>
    public const int BlockTiles = Panels.Width;

    /// <summary>Channels of the result that meet the same channels of the source while those stay in the first cache.</summary>
    public const int GroupOutputs = 64;

    /// <summary>Channels of the result that are computed together.</summary>
    public const int RowOutputs = 8;

    // Points lie further apart than their elements need: a power of two would put all of them into the same few lines of the cache. A vector that
    // begins at the last tile of a block's last channel ends in here.
    private const int Padding = 16;

    /// <summary>Elements between two points of a group's products, [8 or fewer rows][8][32] each.</summary>
    public const int ProductPitch = GroupOutputs * BlockTiles + Padding;

    public const int ProductElements = Points * ProductPitch;

    private int TileRows => (Height + 1) / 2;

    private int TileColumns => (Width + 1) / 2;

    private int Tiles => checked(Images * TileRows * TileColumns);

    public int BlockCount => checked(Tiles + BlockTiles - 1) / BlockTiles;

    /// <summary>Rows of products: eight channels of the result each.</summary>
    public int RowCount => (Outputs + RowOutputs - 1) / RowOutputs;

    /// <summary>Elements of one channel of one image.</summary>
    public int Map => checked(Height * Width);

    /// <summary>Elements between two points of a block's source, [channel][32] each.</summary>
    public int SourcePitch => checked(Channels * BlockTiles + Padding);

    public int SourceElements => checked(Points * SourcePitch);

    /// <summary>Elements between two points of a row's kernels, [channel][8] each.</summary>
    public int KernelPitch => checked(Channels * RowOutputs + Padding);

    /// <summary>Elements of a row's kernels.</summary>
    public long KernelElements => (long)Points * KernelPitch;

    /// <summary>The segments of a block, in the order of their lanes.</summary>
    public TileSegment[] Split(int block)
    {
        var segments = new List<TileSegment>();
        var first = block * BlockTiles;
        var end = Math.Min(Tiles, first + BlockTiles);
        for (var tile = first; tile < end;)
        {
            var (row, column) = Math.DivRem(tile, TileColumns);
            var tiles = Math.Min(Math.Min(TileSegment.MostTiles, end - tile), TileColumns - column);
            segments.Add(new TileSegment(row / TileRows, row % TileRows, column, tile - first, tiles));
            tile += tiles;
        }
        return [.. segments];
    }
}

/// <summary>Neighbouring tiles of one row of tiles.</summary>
/// <param name="Image">Their image.</param>
/// <param name="Row">Their row of tiles.</param>
/// <param name="Column">The first one's column.</param>
/// <param name="Lane">The first one's place in the block.</param>
/// <param name="Count">At most <see cref="MostTiles"/>.</param>
internal readonly record struct TileSegment(int Image, int Row, int Column, int Lane, int Count)
{
    /// <summary>A vector of them.</summary>
    public const int MostTiles = 16;
}
