package io.lakeloop.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/** Processes as this one sees them. */
final class Processes {
  private static final Path NAMESPACE = Path.of("/proc/self/ns/pid");
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  /** Place of a process's start among the fields of its stat, from 1: proc(5). */
  private static final int START = 22;

  private Processes() {}

  /**
   * Where process numbers mean what they mean here: this boot of this machine and, in it, this
   * namespace of processes. Containers have one each, whatever their hosts are called. Empty where
   * the system does not tell.
   */
  static Optional<String> space() {
    try {
      return Optional.of(
          Files.readString(BOOT).strip() + " " + Files.readSymbolicLink(NAMESPACE).toString());
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  /**
   * Start of a process, by which another one of the same number is told apart: ticks since the boot
   * on Linux, since a clock that is set moves the time of day at which a process began; else
   * milliseconds since 1970, or 0 where the system does not tell.
   */
  static long startOf(ProcessHandle process) {
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      // The name, second and in parentheses, may hold blanks and parentheses itself.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return Long.parseLong(fields[START - 3]);
    } catch (IOException e) {
      return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }
  }

  /**
   * False if there is no process of that number, or one that began at another time.
   *
   * @param started what {@link #startOf} said of it, or 0 where that is not known
   */
  static boolean lives(long process, long started) {
    return ProcessHandle.of(process)
        .filter(found -> started == 0 || startOf(found) == started)
        .isPresent();
  }
}
