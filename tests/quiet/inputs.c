#define _GNU_SOURCE
#include "quiet/inputs.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static FILE *create(const char *folder, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "wb");
}

static double sample(uint64_t i)
{
    return (double)(i % 1000) * 0.25 - 100;
}

static bool done(FILE *file)
{
    bool good = ferror(file) == 0;
    return fclose(file) == 0 && good;
}

static bool write_csv(const char *folder, uint64_t samples)
{
    FILE *file = create(folder, "in.csv");
    if (file == NULL)
        return false;
    fprintf(file, "x\n");
    for (uint64_t i = 0; i < samples; i++)
        fprintf(file, "%.2f\n", sample(i));
    return done(file);
}

static void write_f64(FILE *file, uint64_t samples)
{
    for (uint64_t i = 0; i < samples; i++) {
        double x = sample(i);
        fwrite(&x, sizeof x, 1, file);
    }
}

static bool write_raw(const char *folder, uint64_t samples)
{
    FILE *file = create(folder, "in.raw");
    if (file == NULL)
        return false;
    write_f64(file, samples);
    return done(file);
}

/* Format 1.0: magic, version, the length of a text that ends in a newline at a multiple of 64. */
static bool write_npy(const char *folder, const char *name, uint64_t samples)
{
    FILE *file = create(folder, name);
    if (file == NULL)
        return false;
    char text[118 + 1];
    int n = snprintf(text, sizeof text,
                     "{'descr': '<f8', 'fortran_order': False, 'shape': (%llu,), }",
                     (unsigned long long)samples);
    memset(text + n, ' ', sizeof text - (size_t)n);
    text[117] = '\n';
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
    fwrite(text, 1, 118, file);
    write_f64(file, samples);
    return done(file);
}

static void put_le(FILE *file, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        fputc((int)(number >> (8 * i) & 255), file);
}

static bool write_wav(const char *folder, uint64_t samples)
{
    FILE *file = create(folder, "in.wav");
    if (file == NULL)
        return false;
    fwrite("RIFF", 1, 4, file);
    put_le(file, 36 + 2 * samples, 4);
    fwrite("WAVEfmt ", 1, 8, file);
    put_le(file, 16, 4);
    put_le(file, 1, 2); /* pcm */
    put_le(file, 1, 2); /* channels */
    put_le(file, 48000, 4);
    put_le(file, 96000, 4);
    put_le(file, 2, 2);
    put_le(file, 16, 2);
    fwrite("data", 1, 4, file);
    put_le(file, 2 * samples, 4);
    for (uint64_t i = 0; i < samples; i++)
        put_le(file, i * 37 & 0xffff, 2);
    return done(file);
}

/* Order deletes behind their lengths; soup: each as a packet of SoupBinTCP. */
static bool write_itch(const char *folder, const char *name, bool soup, uint64_t samples)
{
    FILE *file = create(folder, name);
    char message[19] = "D";
    if (file == NULL)
        return false;
    for (uint64_t i = 0; i < samples; i++) {
        message[18] = (char)i;
        fwrite(soup ? "\0\x14S" : "\0\x13", 1, soup ? 3 : 2, file);
        fwrite(message, sizeof message, 1, file);
    }
    return done(file);
}

/* Packets of one message each, Ethernet, IPv4, UDP and IEX-TP or MoldUDP64 around it. */
static bool write_pcap(const char *folder, const char *name, bool iex, uint64_t packets)
{
    static const uint8_t ip[] = {8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 9, 17};
    FILE *file = create(folder, name);
    char text[64] = "", message[19] = "";
    const int head = iex ? 40 : 20, bytes = head + 2 + (iex ? 10 : 19);
    if (file == NULL)
        return false;
    fwrite("\x4d\x3c\xb2\xa1\2\0\4\0", 1, 8, file); /* nanoseconds */
    put_le(file, 0, 8);
    put_le(file, 65535, 4);
    put_le(file, 1, 4);
    message[0] = iex ? 'S' : 'D';
    for (uint64_t i = 1; i <= packets; i++) {
        put_le(file, i, 8);
        put_le(file, 42 + (uint64_t)bytes, 4);
        put_le(file, 42 + (uint64_t)bytes, 4);
        fwrite(text, 1, 12, file);
        fwrite(ip, sizeof ip, 1, file);
        fwrite(text, 1, 10, file);
        fwrite(text, 1, 4, file);
        put_le(file, (uint64_t)(8 + bytes) << 8, 4); /* the higher byte first, and no sum */
        if (iex) { /* version, …, count, …, the first message's number */
            put_le(file, 1, 8);
            put_le(file, 0, 6);
            put_le(file, 1, 2);
            put_le(file, 0, 8);
            put_le(file, i, 8);
            put_le(file, 0, 8);
            put_le(file, 10, 2);
        } else {
            fwrite(text, 1, 10, file);
            put_le(file, __builtin_bswap64(i), 8);
            put_le(file, 1 << 8, 2);
            put_le(file, 19 << 8, 2);
        }
        fwrite(message, 1, (size_t)(bytes - head - 2), file);
    }
    return done(file);
}

/* Orders of two instruments come, and in three of four cases go 16 records later. */
static bool write_dbn(const char *folder, uint64_t samples)
{
    FILE *file = create(folder, "in.dbn");
    char record[56] = "\x0e\xa0";
    if (file == NULL)
        return false;
    fwrite("DBN\x01", 1, 4, file);
    put_le(file, 18, 4); /* what follows: a name and the schema, 0 */
    for (int i = 0; i < 18; i++)
        fputc(0, file);
    for (uint64_t i = 0; i < samples; i++) {
        bool add = i % 32 < 16;
        uint64_t order = i % 32 % 4 == 3 ? i : i % 16;
        record[4] = (char)(i % 2); /* instrument, order, price, size, action, side */
        memcpy(record + 16, &order, 8);
        record[24] = (char)i;
        record[32] = 1;
        record[38] = add ? 'A' : 'C';
        record[39] = i % 3 == 0 ? 'A' : 'B';
        fwrite(record, sizeof record, 1, file);
    }
    return done(file);
}

static void put_be(FILE *file, uint64_t number, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        fputc((int)(number >> (8 * i) & 255), file);
}

/* Items of 16 bytes, and lines of 16 points. */
static bool write_bytes(const char *folder, uint64_t samples)
{
    FILE *idx = create(folder, "in.idx"), *pgm = create(folder, "in.pgm");
    if (idx == NULL || pgm == NULL)
        return false;
    put_be(idx, 0x0802, 4);
    put_be(idx, samples / 16, 4);
    put_be(idx, 16, 4);
    fprintf(pgm, "P5\n# a ramp\n16 %llu 255\n", (unsigned long long)(samples / 16));
    for (uint64_t i = 0; i < samples / 16 * 16; i++) {
        fputc((int)(i & 255), idx);
        fputc((int)(i & 255), pgm);
    }
    bool well = done(idx);
    return done(pgm) && well;
}

static bool write_wfdb(const char *folder, uint64_t samples)
{
    FILE *hea = create(folder, "in.hea"), *dat = create(folder, "in.dat");
    if (hea == NULL || dat == NULL)
        return false;
    uint32_t sum = 0;
    for (uint64_t i = 0; i < samples; i++) {
        put_le(dat, i * 37 & 0xffff, 2);
        sum += (uint32_t)(i * 37);
    }
    fprintf(hea, "in 1 360 %llu\nin.dat 16 200/mV 16 0 0 %u 0 ECG\n", (unsigned long long)samples,
            sum & 0xffff);
    bool well = done(hea);
    return done(dat) && well;
}

/* A line takes long to read: one sample of each sixteen. */
static bool write_lines(const char *folder, uint64_t samples)
{
    FILE *json = create(folder, "in.json"), *mtx = create(folder, "in.mtx");
    if (json == NULL || mtx == NULL)
        return false;
    unsigned long long n = samples / 16;
    fprintf(mtx, "%%%%MatrixMarket matrix coordinate integer symmetric\n%llu %llu %llu\n", n, n, n);
    for (uint64_t i = 0; i < n; i++) {
        fprintf(json, "{\"a\": [{\"b\": \"%.2f\"}]}\n", sample(i));
        fprintf(mtx, "%llu 1 %llu\n", (unsigned long long)i + 1, (unsigned long long)i);
    }
    bool well = done(json);
    return done(mtx) && well;
}

bool inputs_write(const char *folder, uint64_t samples)
{
    return write_csv(folder, samples) && write_raw(folder, samples) &&
           write_npy(folder, "in.npy", samples) && write_npy(folder, "weights.npy", 2) &&
           write_wav(folder, samples) && write_itch(folder, "in.itch", false, samples) &&
           write_itch(folder, "in.soup", true, samples) && write_dbn(folder, samples) &&
           write_pcap(folder, "in.pcap", false, samples / 8) &&
           write_pcap(folder, "in.iex.pcap", true, samples / 8) &&
           write_bytes(folder, samples) && write_wfdb(folder, samples) &&
           write_lines(folder, samples);
}

void inputs_remove(const char *folder)
{
    char path[512];
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%.255s", folder, entry->d_name);
            unlink(path);
        }
    closedir(entries);
    rmdir(folder);
}
