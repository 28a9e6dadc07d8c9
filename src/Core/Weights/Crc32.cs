using System.Buffers.Binary;

namespace BiT.Core.Weights;

/// <summary>The checksum of zip files, which System.IO.Compression writes but does not check when it reads.</summary>
/// <remarks>Polynomial 0xEDB88320 reflected, eight tables ("slicing by 8"), about one byte per cycle.</remarks>
public static class Crc32
{
    private static readonly uint[] Tables = CreateTables();

    /// <summary>Continues a checksum; the first call passes 0.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        var tables = Tables;
        var crc = ~checksum;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = tables[(7 * 256) + (int)(low & 0xFF)] ^ tables[(6 * 256) + (int)(low >> 8 & 0xFF)]
                ^ tables[(5 * 256) + (int)(low >> 16 & 0xFF)] ^ tables[(4 * 256) + (int)(low >> 24)]
                ^ tables[(3 * 256) + (int)(high & 0xFF)] ^ tables[(2 * 256) + (int)(high >> 8 & 0xFF)]
                ^ tables[256 + (int)(high >> 16 & 0xFF)] ^ tables[(int)(high >> 24)];
        }
        foreach (var value in bytes)
            crc = (crc >> 8) ^ tables[(crc ^ value) & 0xFF];
        return ~crc;
    }

    private static uint[] CreateTables()
    {
        var tables = new uint[8 * 256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
            tables[i] = crc;
        }
        for (var i = 256; i < tables.Length; i++)
            tables[i] = (tables[i - 256] >> 8) ^ tables[tables[i - 256] & 0xFF];
        return tables;
    }
}
