package io.lakeloop.agreement;

import java.io.Serializable;

/**
 * Comparisons of some groups of things, such as the answers to one prompt: things of different
 * groups never meet.
 *
 * @param items ids, group by group
 * @param first number of the first thing of each item, within the block
 * @param second number of the second
 * @param groups where each group's items begin, and where the last one's end
 * @param things how many things there are
 * @param starts where each item's votes begin, and where the last one's end
 * @param raters who voted
 * @param votes 1 for the first, -1 for the second, 0 for neither
 * @param places 1 where the first stood on the left, -1 on the right, 0 if not known
 */
public record ComparisonBlock(
    String[] items,
    int[] first,
    int[] second,
    int[] groups,
    int things,
    int[] starts,
    int[] raters,
    byte[] votes,
    byte[] places)
    implements Serializable {}
