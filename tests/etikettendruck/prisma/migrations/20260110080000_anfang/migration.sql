CREATE TYPE "JobState" AS ENUM ('queued', 'printing', 'printed', 'failed');

CREATE TABLE "benutzer" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "passwordHash" TEXT NOT NULL,
    CONSTRAINT "benutzer_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "benutzer_name_key" ON "benutzer"("name");

CREATE TABLE "sitzung" (
    "tokenHash" TEXT NOT NULL,
    "userId" INTEGER NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "sitzung_pkey" PRIMARY KEY ("tokenHash"),
    CONSTRAINT "sitzung_userId_fkey" FOREIGN KEY ("userId") REFERENCES "benutzer"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE "etikett" (
    "id" SERIAL NOT NULL,
    "title" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "file" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "etikett_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "drucker" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "port" INTEGER NOT NULL DEFAULT 9100,
    CONSTRAINT "drucker_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "drucker_name_key" ON "drucker"("name");

CREATE TABLE "druckauftrag" (
    "id" SERIAL NOT NULL,
    "labelId" INTEGER NOT NULL,
    "printerId" INTEGER NOT NULL,
    "state" "JobState" NOT NULL DEFAULT 'queued',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "druckauftrag_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "druckauftrag_labelId_fkey" FOREIGN KEY ("labelId") REFERENCES "etikett"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "druckauftrag_printerId_fkey" FOREIGN KEY ("printerId") REFERENCES "drucker"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX "druckauftrag_state_id_idx" ON "druckauftrag"("state", "id");
