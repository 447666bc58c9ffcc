package io.lakeloop.feedback;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The files that a path stands for: one file, a folder with all below it, or a glob. Each file is
 * there once, whatever globs and links lead to it; links may even lead in a circle.
 */
final class SourceListing {
  /** Of several paths of one local file the one that is no link, then the shortest. */
  private static final Comparator<Path> PLAINEST =
      Comparator.comparing((Path path) -> Files.isSymbolicLink(local(path)))
          .thenComparing(Path::depth)
          .thenComparing(Comparator.naturalOrder());

  private static final Pattern CHECKSUM = Pattern.compile("\\..*\\.crc");

  /** By where they lie, whatever links led there. */
  private final Map<String, Path> files = new HashMap<>();

  private final Set<String> hidden = new HashSet<>();
  private final Set<Path> links = new HashSet<>();
  private final Set<Path> others = new HashSet<>();
  private final Set<java.nio.file.Path> visited = new HashSet<>();

  private SourceListing() {}

  /** Lists what is there now. */
  static SourceListing of(Path pattern, Configuration hadoop) throws IOException {
    FileSystem fileSystem = pattern.getFileSystem(hadoop);
    SourceListing listing = new SourceListing();
    List<PathGlob> asked = PathGlob.of(fileSystem.makeQualified(pattern));
    PriorityQueue<Folder> folders = new PriorityQueue<>();
    FileStatus[] matches = fileSystem.globStatus(pattern);
    for (FileStatus match : matches == null ? new FileStatus[0] : matches) {
      Path path = match.getPath();
      boolean isHidden = asked.stream().noneMatch(glob -> glob.means(path));
      if (!"file".equals(path.toUri().getScheme())) {
        listing.list(fileSystem, match, isHidden);
      } else if (match.isDirectory()) {
        folders.add(new Folder(path, isHidden, Files.isSymbolicLink(local(path))));
      } else {
        listing.add(path, isHidden);
      }
    }
    listing.walk(folders);
    return listing;
  }

  /** Files that are read, by path. */
  List<Path> files() {
    return files.values().stream().sorted().toList();
  }

  /** How many are not read, by why. */
  Map<String, Integer> leftOut() {
    int unread = (int) hidden.stream().filter(file -> !files.containsKey(file)).count();
    Map<String, Integer> leftOut = new LinkedHashMap<>();
    leftOut.put("files whose names, or whose folders' names, begin with . or _", unread);
    leftOut.put("links to what is read anyway", links.size());
    leftOut.put("links that lead nowhere, pipes and devices", others.size());
    leftOut.values().removeIf(count -> count == 0);
    return leftOut;
  }

  /** Where there are no links: many folders are listed by one call. */
  private void list(FileSystem fileSystem, FileStatus match, boolean isHidden) throws IOException {
    RemoteIterator<LocatedFileStatus> below = fileSystem.listFiles(match.getPath(), true);
    while (below.hasNext()) {
      Path file = below.next().getPath();
      String path = file.toString();
      String inside = "/" + path.substring(match.getPath().toString().length());
      if (isHidden || match.isDirectory() && (inside.contains("/.") || inside.contains("/_"))) {
        hidden.add(path);
      } else {
        files.put(path, file);
      }
    }
  }

  /** A folder to look into; those of a lower rank go first, since each is looked into once. */
  private record Folder(Path path, boolean isHidden, boolean isLinked)
      implements Comparable<Folder> {
    private static final Comparator<Folder> ORDER =
        Comparator.comparing(Folder::isHidden)
            .thenComparing(Folder::isLinked)
            .thenComparing(Folder::path);

    @Override
    public int compareTo(Folder other) {
      return ORDER.compare(this, other);
    }
  }

  private void walk(PriorityQueue<Folder> open) throws IOException {
    while (!open.isEmpty()) {
      Folder folder = open.poll();
      if (!visited.add(local(folder.path()).toRealPath())) {
        if (!folder.isHidden() && Files.isSymbolicLink(local(folder.path()))) {
          links.add(folder.path());
        }
        continue;
      }
      try (DirectoryStream<java.nio.file.Path> entries =
          Files.newDirectoryStream(local(folder.path()))) {
        for (java.nio.file.Path entry : entries) {
          String name = entry.getFileName().toString();
          Path path = new Path(folder.path(), new Path(null, null, name));
          boolean isHidden = folder.isHidden() || isHidden(name);
          if (CHECKSUM.matcher(name).matches()) {
            // Hadoop's own, of a file beside it.
            continue;
          }
          if (Files.isDirectory(entry)) {
            open.add(new Folder(path, isHidden, folder.isLinked() || Files.isSymbolicLink(entry)));
          } else {
            add(path, isHidden);
          }
        }
      }
    }
  }

  private void add(Path path, boolean isHidden) throws IOException {
    java.nio.file.Path file = local(path);
    if (!Files.isRegularFile(file)) {
      others.add(path);
      return;
    }
    String real = file.toRealPath().toString();
    if (isHidden) {
      hidden.add(real);
      return;
    }
    Path other = files.putIfAbsent(real, path);
    if (other != null && !other.equals(path)) {
      boolean isPlainer = PLAINEST.compare(path, other) < 0;
      files.put(real, isPlainer ? path : other);
      links.add(isPlainer ? other : path);
    }
  }

  /** As Hadoop has it: what is not yet whole, and what jobs leave for each other. */
  static boolean isHidden(String name) {
    return name.startsWith(".") || name.startsWith("_");
  }

  private static java.nio.file.Path local(Path path) {
    return java.nio.file.Path.of(path.toUri().getPath());
  }
}
