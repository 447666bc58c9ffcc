package io.lakeloop.run;

/**
 * What became of the records of one file that a run took in: {@code found = written + quarantined +
 * superseded}.
 *
 * @param name what tables call the file
 * @param bytes its size
 * @param digest SHA-256 of its bytes
 * @param superseded records that say what another says, of this run or an earlier one
 */
public record InputFile(
    String name,
    long bytes,
    String digest,
    long found,
    long written,
    long quarantined,
    long superseded) {}
